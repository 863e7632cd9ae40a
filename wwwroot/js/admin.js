// What the pages cannot do without a script: the live connection and its loss, times in the reader's zone, copying.
// Everything else works without it.
(() => {
  "use strict";

  // Times. The server writes UTC; here they become the reader's own. Text nodes are changed in place, never replaced,
  // because live parts keep hold of them.
  const full = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
  const short = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
  const zoned = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });
  const hours = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });
  const date = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
  const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3, hour12: false });
  const minute = 60_000, hour = 60 * minute, day = 24 * hour;

  const span = (ms) => {
    if (ms < minute) return "under 1 min";
    if (ms < hour) return `${Math.floor(ms / minute)} min`;
    if (ms < 2 * day) {
      const minutes = Math.floor((ms % hour) / minute);
      return `${Math.floor(ms / hour)} h${ms < 10 * hour && minutes ? ` ${minutes} min` : ""}`;
    }
    return `${Math.floor(ms / day)} days`;
  };

  const words = (style, at) => {
    const past = Date.now() - at;
    if (style === "full") return full.format(at);
    if (style === "clock") return clock.format(at);
    if (style === "hour") return hours.format(at);
    if (style === "day") return date.format(at);
    if (style === "age") return span(Math.max(0, past));
    if (past < 0) return past > -day ? `in ${span(-past)}` : short.format(at);
    if (past < minute) return "just now";
    return past < 14 * day ? `${span(past)} ago` : short.format(at);
  };

  const setTime = (time) => {
    const at = Date.parse(time.dateTime);
    if (Number.isNaN(at)) return;
    const text = words(time.dataset.time, at);
    const node = time.firstChild;
    if (node && node.nodeType === Node.TEXT_NODE) {
      if (node.data !== text) node.data = text;
    } else {
      time.textContent = text;
    }
    const title = `${zoned.format(at)} = ${new Date(at).toISOString().replace("T", " ").slice(0, 19)} UTC`;
    if (time.title !== title) time.title = title;
  };

  // What is said of a bar of a chart.
  const setTitle = (title) => {
    const at = Date.parse(title.dataset.at);
    const text = `${short.format(at)} = ${new Date(at).toISOString().replace("T", " ").slice(0, 16)} UTC: ${title.dataset.counted}`;
    if (title.firstChild && title.firstChild.data !== text) title.firstChild.data = text;
  };

  const times = "time[data-time], title[data-at]";
  const set = (element) => element.matches("time") ? setTime(element) : setTitle(element);
  const setTimes = (root) => root.querySelectorAll(times).forEach(set);

  new MutationObserver((changes) => {
    for (const change of changes) {
      const element = change.target.nodeType === Node.ELEMENT_NODE ? change.target : change.target.parentElement;
      const time = element?.closest(times);
      if (time) set(time);
      else for (const added of change.addedNodes) if (added.nodeType === Node.ELEMENT_NODE) {
        if (added.matches(times)) set(added);
        setTimes(added);
      }
    }
  }).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: ["datetime", "title", "data-at", "data-counted"] });
  setTimes(document);
  setInterval(() => setTimes(document), 15_000);

  // Live parts rest while nobody looks at the tab.
  const live = new Set();
  const tell = (part) => part.invokeMethodAsync("SetHidden", document.hidden).catch(() => live.delete(part));
  window.websmtp = {
    tellVisibility(part) {
      live.add(part);
      if (document.hidden) tell(part);
    },
  };
  document.addEventListener("visibilitychange", () => live.forEach(tell));

  // Copying.
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const code = button.closest("figure").querySelector("code");
    const label = button.querySelector("span");
    try {
      await navigator.clipboard.writeText(code.textContent);
      label.textContent = "Copied";
    } catch {
      // Without a secure connection the browser refuses; then the text is chosen, ready for Ctrl+C.
      getSelection().selectAllChildren(code);
      label.textContent = "Press Ctrl+C";
    }
    setTimeout(() => { label.textContent = "Copy"; }, 3000);
  });

  // Buttons that open dialogs, for browsers that do not know commandfor.
  if (!("command" in HTMLButtonElement.prototype)) {
    document.addEventListener("click", (event) => {
      const button = event.target.closest("[commandfor]");
      const dialog = button && document.getElementById(button.getAttribute("commandfor"));
      if (dialog) button.getAttribute("command") === "close" ? dialog.close() : dialog.showModal();
    });
  }

  // A post takes a moment: its button says so, and cannot be pressed twice. A dialog has done its work then.
  const wake = () => document.querySelectorAll("[aria-busy]").forEach((button) => button.removeAttribute("aria-busy"));
  const sayUnsent = (unsent) => {
    const notice = document.getElementById("unsent");
    if (!notice) return;
    notice.hidden = !unsent;
    if (unsent) notice.scrollIntoView({ block: "nearest" });
  };
  let answered = false;
  // Who uses the keyboard goes on at the answer: a complaint with its links, or the next step; or at what was done, where
  // the button is gone.
  const goToAnswer = () => {
    const lost = !document.activeElement || document.activeElement === document.body;
    const answer = document.querySelector("main .notice[role=alert]") ?? document.querySelector("form[data-wizard] h2") ?? (lost ? document.querySelector("[data-toast]") : null);
    if (!answer) return;
    answer.tabIndex = -1;
    answer.focus({ preventScroll: true });
  };
  if (document.querySelector("main .notice[role=alert]")) goToAnswer();
  document.addEventListener("submit", (event) => {
    const button = event.submitter;
    sayUnsent(false);
    answered = event.target.method === "post";
    setTimeout(() => {
      button?.setAttribute("aria-busy", "true");
      (button ?? event.target).closest("dialog")?.close();
    });
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest('[aria-busy="true"]')) event.preventDefault();
  }, true);
  // The server was not reached. The page is still there with all that was typed, and the button can be pressed again.
  window.addEventListener("unhandledrejection", () => {
    if (!document.querySelector("[aria-busy]")) return;
    wake();
    sayUnsent(true);
  });
  window.addEventListener("pageshow", wake);

  // The live connection. While it is lost the page stays as it is, greyed; when the server is back but does not know
  // this page any more (it was restarted), the page loads anew: its state is in its address.
  const modal = document.getElementById("components-reconnect-modal");
  const alive = async () => {
    try {
      return (await fetch("/healthz", { cache: "no-store" })).ok;
    } catch {
      return false;
    }
  };
  const reloadWhenAlive = async () => {
    // What is just being sent is answered first, and its answer is still to be read afterwards.
    while (!await alive() || document.querySelector("[aria-busy]")) await new Promise((done) => setTimeout(done, 500));
    keepTyped(document.querySelector("[data-toast]")?.outerHTML);
    location.reload();
  };

  // What was typed or ticked but not sent survives that reload; passwords and keys are not kept.
  const typed = "websmtp-typed";
  const isBox = (field) => field.type === "checkbox" || field.type === "radio";
  const isSecret = (field) => field.matches("[type=password], [data-secret]");
  const sent = (field) => field.name && field.matches(":is(input, select, textarea):not([type=hidden])");
  const fields = (root) => [...document.forms].flatMap((form) => [...form.elements]).filter((field) => sent(field) && root.contains(field));
  const value = (field) => isBox(field) ? field.checked : field.value;
  const asItCame = (field) => isBox(field) ? field.defaultChecked : !field.options ? field.defaultValue
    : ([...field.options].find((option) => option.defaultSelected) ?? field.options[0])?.value;
  const isTyped = (field) => value(field) !== asItCame(field);
  const named = () => {
    const count = {};
    return fields(document).map((field) => {
      const form = field.form.elements._handler?.value ?? field.form.getAttribute("action");
      const name = [form, field.name, isBox(field) ? field.value : ""].join(" ");
      count[name] = (count[name] ?? 0) + 1;
      return [`${name} ${count[name]}`, field];
    });
  };
  const valuesOf = (wanted) => named().filter(([, field]) => wanted(field)).map(([name, field]) => [name, value(field)]);
  const setValues = (kept) => {
    const values = new Map(kept);
    for (const [name, field] of named()) {
      if (!values.has(name)) continue;
      if (isBox(field)) field.checked = values.get(name);
      else field.value = values.get(name);
    }
  };
  // A wizard's step, and what was typed on its other steps, came with the answer: it is sent once more. Secrets are sealed.
  const wizard = () => document.querySelector("form[data-wizard]");
  const wizardValues = () => {
    const own = new Set(["_handler", "__RequestVerificationToken", ...[...wizard().elements].filter(isSecret).map((field) => field.name)]);
    return [...new FormData(wizard())].filter(([name]) => !own.has(name));
  };
  const goOn = (values) => {
    const form = wizard();
    if (!form) return;
    const own = form.querySelectorAll("[name=_handler], [name=__RequestVerificationToken]");
    const hidden = ([name, value]) => Object.assign(document.createElement("input"), { type: "hidden", name, value });
    form.replaceChildren(...own, ...[...values, ["act", "stay"]].map(hidden));
    form.requestSubmit();
  };
  const keepTyped = (answer) => {
    // What was typed came with the answer to a form, such as a complaint.
    const all = document.querySelector("main :is([aria-invalid=true], .notice[role=alert], [data-followed=answer])") !== null;
    sessionStorage.setItem(typed, JSON.stringify({ page: location.href, values: valuesOf((field) => !isSecret(field) && (all || isTyped(field))), wizard: wizard() && wizardValues(), answer }));
  };
  const restoreTyped = () => {
    const kept = JSON.parse(sessionStorage.getItem(typed) ?? "null");
    sessionStorage.removeItem(typed);
    if (kept?.page !== location.href || performance.getEntriesByType("navigation")[0]?.type !== "reload") return null;
    setValues(kept.values);
    if (kept.answer && !document.querySelector("[data-toast]")) document.getElementById("unsent")?.insertAdjacentHTML("beforebegin", kept.answer);
    return kept.wizard;
  };
  const left = restoreTyped();
  window.addEventListener("pagehide", () => { if (wizard()) keepTyped(); });

  // Lists and forms that are drawn once: fetched again when they were changed elsewhere. Nothing moves under the hands of
  // who is at one, and what was typed stays typed.
  const said = (part) => {
    const copy = part.cloneNode(true);
    copy.querySelectorAll("time").forEach((time) => { time.textContent = time.dateTime; });
    copy.querySelectorAll(".selection").forEach((bar) => bar.remove());
    copy.querySelectorAll("option:not([selected])").forEach((option) => option.remove());
    const values = [...part.querySelectorAll("input, select, textarea")].filter(sent).map(asItCame);
    return JSON.stringify([copy.textContent, values]);
  };
  const open = (part) => part.querySelectorAll("details[open], dialog[open]").length;
  const isUsed = (part, now) => fields(part).some(isTyped) || open(part) > open(now) || part.querySelector("[data-current]")
    || part.contains(document.activeElement) || !getSelection().isCollapsed && part.contains(getSelection().anchorNode);
  const tellChanged = (changed) => document.querySelectorAll("[data-changed]").forEach((note) => { note.hidden = !changed; });
  // What is fetched while something is sent is older than its answer, and the answer may be older than the change: then the
  // page that came with the answer is looked at once more.
  let pages = 0, missed = false;
  const isSent = () => document.querySelector("[aria-busy]") !== null;
  const showChanges = async (anyway) => {
    missed = isSent();
    const part = document.querySelector("[data-followed]"), page = location.href, before = pages;
    if (missed || !part) return;
    const answer = await fetch(page, { cache: "no-store", headers: { "X-Followed": "1" } });
    const text = await answer.text();
    if (page !== location.href) return;
    if (isSent()) return void (missed = true);
    if (before !== pages) return showChanges(anyway);
    // What the form is about is gone: the page says so.
    if (answer.status === 404) return location.reload();
    if (!answer.ok || answer.redirected) return;
    const now = new DOMParser().parseFromString(text, "text/html").querySelector("[data-followed]");
    if (!now) return;
    // An answer to what was sent has more in it than the page that is fetched: saving shows what was changed.
    if (part.dataset.followed === "answer") return tellChanged(true);
    if (said(now) === said(part)) {
      const version = part.querySelector("input[name=version]");
      if (version) version.value = now.querySelector("input[name=version]").value;
      return;
    }
    if (!anyway && isUsed(part, now)) return tellChanged(true);
    const kept = valuesOf(isTyped);
    part.replaceChildren(...now.childNodes);
    // The framework remembers what was in it, and would bring its next answer there: it has to look again.
    for (const key of Object.getOwnPropertySymbols(part)) if (Array.isArray(part[key])) delete part[key];
    setValues(kept);
    tellChanged(false);
    document.dispatchEvent(new Event("websmtp-followed"));
  };
  window.websmtp.showChanges = () => showChanges(false);
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-show-changes]")) showChanges(true);
  });

  modal.addEventListener("components-reconnect-state-changed", (event) => {
    const state = event.detail.state;
    document.body.classList.toggle("lost", state !== "hide");
    if (state === "failed" || state === "rejected" || state === "resume-failed") reloadWhenAlive();
  });

  Blazor.start({
    circuit: {
      reconnectionOptions: { maxRetries: 1000, retryIntervalMilliseconds: (attempt) => Math.min(250 * (attempt + 1), 2000) },
    },
  }).then(() => left && goOn(left));
  Blazor.addEventListener("enhancedload", () => {
    pages++;
    wake();
    tellChanged(false);
    if (missed && document.querySelector("[data-followed='']")) showChanges(false);
    const answer = document.querySelector("[data-toast], .notice[role=alert]");
    if (answer) answer.scrollIntoView({ block: "nearest" });
    if (answered) goToAnswer();
    answered = false;
  });
})();
