/* A sum written out term by term; pointing at a term lights it wherever the same number stands. */
(function (cnnmath) {
"use strict";
if (cnnmath.formula) return;
const { h, number, on } = cnnmath;

const LONGEST = 36; // terms written out; a longer sum shows its two ends
const SHOWN = 12;

/** options.onpoint(k) when the pointer is over term k, onpoint(null) when it leaves. */
function formula(options, signal) {
  const node = h("div", { class: "formula" });
  let key = "";
  on(node, "pointerover", (event) => options.onpoint?.(event.target.dataset?.term ? Number(event.target.dataset.term) : null), signal);
  on(node, "pointerleave", () => options.onpoint?.(null), signal);

  /** Write (left[0])(right[0]) + … = total; `lit` is the index of the term to light, or −1. */
  function update(left, right, total, lit = -1) {
    const next = `${Array.from(left)}|${Array.from(right)}|${total}|${lit}`;
    if (next === key) return;
    key = next;
    const count = left.length;
    const nodes = [];
    for (let k = 0; k < count; k++) {
      if (count > LONGEST && k === SHOWN) {
        nodes.push(`… + (${count - SHOWN - 1} more) … + `);
        k = count - 1;
      }
      nodes.push(h("span", { class: k === lit ? "term lit" : "term", "data-term": k }, `(${number(left[k])})(${number(right[k])})`), k < count - 1 ? " + " : " ");
    }
    node.replaceChildren(...nodes, h("b", {}, `= ${total}`));
  }
  return { node, update };
}

cnnmath.formula = formula;
})(globalThis.cnnmath);
