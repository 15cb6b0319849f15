/* The notebook's side: anywidget's view of a figure. A page does not load this file. */
(function (cnnmath) {
"use strict";
if (cnnmath.render) return;

/** The notebook's view: an element whose state and a widget model's traits follow each other. */
function render(tag, model, host) {
  const element = document.createElement(tag);
  const names = Object.keys(customElements.get(tag).defaults);
  const read = () => Object.fromEntries(names.map((name) => [name, model.get(name)]));
  element.setAttribute("notebook", "");
  element.setAttribute("data-lm-suppress-shortcuts", "true");
  element.state = read();
  element.initial = element.state;
  let sending = false;
  const send = () => {
    sending = true;
    for (const [name, value] of Object.entries(element.state)) if (JSON.stringify(value) !== JSON.stringify(model.get(name))) model.set(name, value);
    sending = false;
    model.save_changes();
  };
  const receive = () => { if (!sending) element.state = read(); };
  element.addEventListener("change", send);
  names.forEach((name) => model.on(`change:${name}`, receive));
  host.replaceChildren(element);
  return () => {
    names.forEach((name) => model.off(`change:${name}`, receive));
    element.removeEventListener("change", send);
    element.remove();
  };
}

cnnmath.render = render;
})(globalThis.cnnmath);
