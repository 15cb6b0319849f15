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

// Paper is light, and a solution is printed where the reader opened it, or all of them by the button at the exercises.
(function () {
  "use strict";
  const root = document.documentElement;
  const opened = [];
  let theme = "";
  let all = false;

  window.addEventListener("beforeprint", function () {
    theme = root.dataset.theme;
    root.dataset.theme = "light";
    if (all) opened.push(...document.querySelectorAll(".solution.toggle-hidden"));
    for (const solution of opened) solution.classList.remove("toggle-hidden");
  });

  window.addEventListener("afterprint", function () {
    root.dataset.theme = theme;
    for (const solution of opened.splice(0)) solution.classList.add("toggle-hidden");
    all = false;
  });

  function button(text, solutions) {
    const node = document.createElement("button");
    node.type = "button";
    node.textContent = text;
    node.addEventListener("click", function () {
      all = solutions;
      window.print();
    });
    return node;
  }

  document.addEventListener("DOMContentLoaded", function () {
    const heading = document.querySelector("#exercises > h2");
    if (!heading || !document.querySelector(".solution")) return;
    const choice = document.createElement("p");
    choice.className = "print-choice";
    choice.append(button("Print the chapter", false), " ", button("Print it with all solutions", true));
    heading.after(choice);
  });
})();
