/* Sets the chosen theme, and whether the rail is folded, before the first paint. A classic script on
   purpose: modules run too late, and an inline script is refused by the page's Content-Security-Policy. */
(function () {
  try {
    const chosen = localStorage.getItem('duckline-theme');
    if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen;
    if (localStorage.getItem('duckline-rail') === 'folded') document.documentElement.dataset.rail = 'folded';
  } catch {
    // Storage is blocked: the system's theme and the open rail stay.
  }
})();
