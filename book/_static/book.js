// An equation wider than its column scrolls; here it becomes reachable by keyboard, as long as it does scroll.
(function () {
  "use strict";

  function markScrollable() {
    for (const equation of document.querySelectorAll("mjx-container[display]")) {
      const scrolls = equation.scrollWidth > equation.clientWidth || equation.scrollHeight > equation.clientHeight;
      if (scrolls) equation.setAttribute("tabindex", "0");
      else equation.removeAttribute("tabindex");
    }
  }

  window.addEventListener("load", function () {
    if (!window.MathJax || !window.MathJax.startup) return;
    window.MathJax.startup.promise.then(markScrollable);
    window.addEventListener("resize", markScrollable);
  });
})();
