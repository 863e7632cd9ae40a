// Tells a live part of a page whether anybody looks at its tab.
export function watchTab(part) {
  const tell = () => part.invokeMethodAsync("HiddenAsync", document.hidden);
  document.addEventListener("visibilitychange", tell);
  if (document.hidden) tell();
  return { stop: () => document.removeEventListener("visibilitychange", tell) };
}
