// While somebody types an address and port, says whether they are free. Without it, the button Check does the same.
(() => {
  "use strict";
  if (window.websmtpSites) return;
  window.websmtpSites = true;
  let waiting = 0, asked = 0;

  const check = async (form) => {
    const rows = [...form.querySelectorAll("[data-endpoint]")].map((row) => ({
      verdict: row.querySelector("[data-verdict]"),
      address: row.querySelector("[name$='.address']").value.trim(),
      port: row.querySelector("[name$='.port']").value.trim(),
    }));
    const typed = rows.filter((row) => row.address && /^\d{1,5}$/.test(row.port));
    rows.filter((row) => !typed.includes(row)).forEach((row) => {
      if (row.port && !/^\d{1,5}$/.test(row.port)) say(row.verdict, "bad", `'${row.port}' is not a port; give a number from 1 to 65535.`);
      else say(row.verdict, "", "");
    });
    if (!typed.length) return;
    const mine = ++asked;
    try {
      const answer = await fetch("/api/v1/sites/check", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ endpoints: typed.map((row) => ({ address: row.address, port: Number(row.port) })) }),
      });
      if (!answer.ok || mine !== asked) return;
      const found = await answer.json();
      typed.forEach((row, i) => {
        const wrong = Object.entries(found.errors).find(([field]) => field.startsWith(`endpoints[${i}]`));
        const one = found.endpoints.find((endpoint) => endpoint.address === row.address && endpoint.port === Number(row.port));
        if (wrong) say(row.verdict, "bad", wrong[1][0]);
        else if (one) say(row.verdict, !one.free ? "bad" : one.warning ? "warning" : "good", one.reason ?? one.warning ?? `${row.address}:${row.port} is free.`);
        else say(row.verdict, "", "");
      });
    } catch {
      // The button is still there.
    }
  };

  const say = (verdict, tone, text) => {
    if (verdict.textContent === text) return;
    verdict.className = `check-verdict ${tone}`;
    verdict.textContent = text;
  };

  document.addEventListener("input", (event) => {
    const form = event.target.closest("[data-wizard=site]");
    if (!form || !event.target.closest("[data-endpoint]")) return;
    clearTimeout(waiting);
    waiting = setTimeout(() => check(form), 300);
  });
})();

// Enter in a field of a try tries; the form's own first button would save.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !event.target.matches(".try input")) return;
  const button = event.target.closest(".try").querySelector("button[name=act]");
  if (!button) return;
  event.preventDefault();
  button.click();
});
