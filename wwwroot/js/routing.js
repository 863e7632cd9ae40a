// Lists of smart hosts are put in order by buttons. Without this, each place is chosen by hand.
(() => {
  "use strict";

  const show = (root) => root.querySelectorAll("[data-picker] [data-move]").forEach((button) => button.hidden = false);

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-picker] [data-move]");
    if (!button) return;
    const rows = [...button.closest("[data-picker]").querySelectorAll("select")];
    const from = rows.indexOf(button.closest("li").querySelector("select"));
    const to = from + (button.dataset.move === "up" ? -1 : 1);
    if (to < 0 || to >= rows.length) return;
    [rows[from].value, rows[to].value] = [rows[to].value, rows[from].value];
    rows[to].closest("li").querySelector(`[data-move="${button.dataset.move}"]`).focus();
  });

  show(document);
  new MutationObserver(() => show(document)).observe(document.body, { subtree: true, childList: true });
})();
