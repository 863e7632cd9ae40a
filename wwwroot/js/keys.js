// Single keys for lists and messages, and the count of what is chosen. Everything works without them.
(() => {
  "use strict";

  const off = "websmtp-keys-off";
  const isOn = () => localStorage.getItem(off) !== "1";

  // What is chosen.
  const boxes = () => [...document.querySelectorAll("[data-select] input[name=id]")];
  const show = () => {
    const bar = document.querySelector("[data-selected]");
    if (!bar) return;
    const chosen = boxes().filter((box) => box.checked).length;
    const all = document.querySelector("[data-select-all]").checked;
    bar.textContent = all ? "All that match:" : chosen ? `${chosen} chosen:` : "Choose messages, then";
    const page = document.querySelector("[data-select-page]");
    page.hidden = false;
    page.checked = chosen > 0 && chosen === boxes().length;
    page.indeterminate = chosen > 0 && chosen < boxes().length;
  };
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-select-page]")) for (const box of boxes()) box.checked = event.target.checked;
    if (event.target.closest("[data-select]")) show();
  });
  document.addEventListener("websmtp-followed", show);

  // The row that the keys are at.
  const rows = () => [...document.querySelectorAll("main table tbody tr:has(.row-link)")];
  let current = null;
  const move = (by) => {
    const all = rows();
    if (all.length === 0) return;
    const at = all.findIndex((row) => row.hasAttribute("data-current"));
    all[at]?.removeAttribute("data-current");
    current = all[Math.min(all.length - 1, Math.max(0, at < 0 ? (by > 0 ? 0 : all.length - 1) : at + by))];
    current.setAttribute("data-current", "");
    current.querySelector(".row-link").focus({ preventScroll: true });
    current.scrollIntoView({ block: "nearest" });
  };

  // A button of the list needs something chosen; that of a message asks by itself.
  const press = (key, message) => {
    const button = document.querySelector(`[data-select] button[data-key="${key}"]`);
    if (!button) {
      document.querySelector(`main button[commandfor="${message}"]`)?.click();
      return;
    }
    const row = document.querySelector("tr[data-current] input[name=id]");
    if (!boxes().some((box) => box.checked) && row) row.checked = true;
    if (boxes().some((box) => box.checked) || document.querySelector("[data-select-all]").checked) button.click();
  };

  const places = { q: "/queue", m: "/messages", h: "/held", t: "/trace", s: "/sessions", o: "/" };
  let going = 0;
  const go = (path) => {
    const link = [...document.querySelectorAll("a[href]")].find((one) => one.getAttribute("href") === path);
    link ? link.click() : location.assign(path);
  };

  document.addEventListener("keydown", (event) => {
    const find = document.querySelector("[data-find]");
    if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "k" && find) {
      event.preventDefault();
      find.focus();
      return;
    }
    if (!isOn() || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.target.closest("input:not([type=checkbox], [type=radio], [type=submit]), textarea, select, [contenteditable], dialog")) return;
    const key = event.key;
    if (Date.now() - going < 1500 && places[key]) {
      going = 0;
      event.preventDefault();
      go(places[key]);
      return;
    }
    going = key === "g" ? Date.now() : 0;
    const act = {
      "/": () => (document.getElementById("q") ?? find)?.focus(),
      "j": () => move(1),
      "k": () => move(-1),
      "x": () => document.querySelector("tr[data-current] input[name=id]")?.click(),
      "r": () => press("r", "retry-message"),
      "h": () => press("h", "freeze-message"),
      "#": () => press("#", "delete-message"),
      "?": () => go("/keyboard"),
    }[key];
    if (!act) return;
    event.preventDefault();
    act();
  });

  // Whether they are on is kept in this browser.
  const setSwitch = () => {
    show();
    const part = document.querySelector("[data-keys-switch]");
    if (!part) return;
    part.hidden = false;
    const box = part.querySelector("input");
    box.checked = isOn();
    box.onchange = () => box.checked ? localStorage.removeItem(off) : localStorage.setItem(off, "1");
  };
  setSwitch();
  Blazor.addEventListener("enhancedload", setSwitch);
})();
