"""The contract that every figure keeps. A new figure is covered the day it is registered."""

import json
import os

import numpy as np
import pytest

from cnnmath.figures import FIGURES, StateError, _assets
from tests.figures.contract import assert_equal, random_states, unfit_states

STATES = int(os.environ.get("CNNMATH_STATES", 1000))
CHUNK = 250

figures = pytest.mark.parametrize("kind", FIGURES.values(), ids=FIGURES)


@figures
def test_python_and_javascript_start_alike(kind, live):
    element = live(kind())
    assert element.state == json.loads(json.dumps(kind().state))
    assert element.ask("el.constructor.label") == kind.__name__
    assert element.ask("customElements.get(el.localName).defaults") == kind().state


@figures
def test_values_agree(kind, live):
    """Python and JavaScript compute the same numbers for random states."""
    element = live(kind())
    states = random_states(kind, STATES)
    for start in range(0, STATES, CHUNK):
        chunk = states[start : start + CHUNK]
        answers = element.ask("a.map((state) => { el.state = state; return [el.error, el.values]; })", chunk)
        for state, (error, values) in zip(chunk, answers, strict=True):
            assert error == "", state
            assert_equal(kind(**state).values(), values, state)


@figures
def test_description_and_code_are_the_same_text(kind, live):
    element = live(kind())
    states = [kind().state, *random_states(kind, 200, seed=2)]
    answers = element.ask("a.map((state) => { el.state = state; return [el.description, el.code]; })", states)
    for state, (description, code) in zip(states, answers, strict=True):
        figure = kind(**state)
        assert description == figure.describe(), state
        assert code == figure.as_python(), state


@figures
def test_copied_code_gives_the_numbers(kind):
    for state in [kind().state, *random_states(kind, 100, seed=3)]:
        figure = kind(**state)
        names = {}
        exec(figure.as_python(), names)
        values = figure.values()
        assert_equal(values, {name: names[name] for name in values}, figure.as_python())


# Presses every button and choice once, from the first state, and those that only then appear, from there.
PRESS_ALL = """(async () => {
    const root = el.shadowRoot;
    const [pressed, told] = [new Set(), []];
    const action = (text) => [...root.querySelectorAll('.actions button')].find((one) => one.textContent === text);
    const open = () => [...root.querySelectorAll('button, input[type=radio], input[type=checkbox], option')].filter((one) =>
        !one.closest('.actions') && !one.disabled && (one.closest('select') ?? one).checkVisibility() && !one.textContent.startsWith('Your own picture'));
    async function press(node) {
        pressed.add(node);
        if (node.localName === 'option') {
            node.selected = true;
            node.parentNode.dispatchEvent(new Event('change', { bubbles: true }));
        } else node.click();
        await new Promise(requestAnimationFrame);
        el.stop?.(); // what runs by itself
    }
    async function walk(path) {
        const again = async () => { action('Reset').click(); for (const node of path) await press(node); await new Promise(requestAnimationFrame); };
        await again();
        for (const node of open().filter((one) => !pressed.has(one))) {
            await again();
            if (!open().includes(node)) continue;
            await press(node);
            action('Copy as Python').click();
            const name = node.ariaLabel || node.textContent || node.closest('label')?.textContent || node.value;
            told.push([name, el.code, root.querySelector('.code').textContent, el.values, el.error]);
            if (path.length === 0 && open().some((one) => !pressed.has(one))) await walk([node]);
        }
    }
    await walk([]);
    return told;
})()"""


@figures
def test_copied_code_gives_the_numbers_after_every_press(kind, live):
    """What "Copy as Python" shows after each preset, chip and choice runs, and gives the figure's own numbers."""
    done = set()
    for label, code, shown, values, error in live(kind()).ask(PRESS_ALL):
        assert error == "" and shown == code, label
        if code not in done:
            names = {}
            exec(code, names)
            assert_equal(values, {name: names[name] for name in values}, f"{kind.__name__} after {label}:\n{code}")
        done.add(code)
    assert done


@figures
def test_bad_fields_are_refused_alike(kind, live):
    """One message in both languages; state, values and picture stay as they were."""
    element = live(kind())
    cases = [(name, bad) for name in kind.field_names for bad in kind.class_traits()[name].bad()]
    before = element.state
    for name, bad in cases:
        with pytest.raises(StateError) as refused:
            kind().update(**{name: bad})
        answer = element.ask("(el.state = a, el.error)", {name: bad})
        assert answer == str(refused.value), (name, bad)
        assert element.state == before
    assert element.ask("el.shadowRoot.querySelector('.problem').textContent") == answer


@figures
def test_unfit_fields_are_refused_alike(kind, live):
    element = live(kind())
    for state in unfit_states(kind, 100):
        with pytest.raises(StateError) as refused:
            kind(**state)
        assert element.ask("(el.state = a, el.error)", state) == str(refused.value), state
    assert element.state == kind().state


@figures
@pytest.mark.parametrize("state", [None, 3, "text", [1]])
def test_a_state_that_is_no_dict_is_refused(kind, live, state):
    with pytest.raises(StateError) as refused:
        kind().state = state
    assert live(kind()).ask("(el.state = a, el.error)", state) == str(refused.value)


@figures
def test_unknown_fields_are_refused_alike(kind, live):
    with pytest.raises(StateError) as refused:
        kind(no_such_field=1)
    assert live(kind()).ask("(el.state = {no_such_field: 1}, el.error)") == str(refused.value)


@figures
def test_refused_in_python_changes_nothing(kind):
    figure = kind()
    before = figure.state
    for name in kind.field_names:
        for bad in kind.class_traits()[name].bad():
            with pytest.raises(ValueError, match=f"^{kind.__name__}: {name} must .*; got "):
                setattr(figure, name, bad)
    assert figure.state == before


@figures
def test_states_are_not_shared(kind):
    """Two figures, and a figure and the state it gave out, never share a list."""
    one, two = kind(), kind()
    for value in one.state.values():
        if isinstance(value, list):
            value.append("changed")
    assert one.state == two.state == kind().state


@figures
def test_the_live_line_says_the_description(kind, live):
    element = live(kind())
    element.settle()
    assert element.ask("el.shadowRoot.querySelector('[aria-live=polite]').textContent") == kind().describe()


@figures
def test_without_javascript_the_numbers_stand_in_the_page(kind, browser, tmp_path):
    path = tmp_path / "figure.html"
    kind().save(path)
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(path.as_uri())
    text = page.locator("main").inner_text()
    assert kind().describe() in text
    assert page.locator(".cnnmath-fallback").is_visible()
    assert page.locator(".cnnmath-fallback td, .cnnmath-fallback img, .cnnmath-fallback svg").count() > 0
    context.close()


@figures
def test_stored_output_is_small_and_fixed(kind):
    bundle = kind()._repr_mimebundle_()[0]
    assert bundle["text/html"] == kind()._repr_mimebundle_()[0]["text/html"]
    assert bundle["text/plain"] == kind.__name__
    assert len(bundle["text/html"].encode()) <= 20_000


@figures
def test_the_link_restores_the_state(kind, live):
    element = live(kind())
    state = random_states(kind, 1, seed=4)[0]
    element.ask("el.state = a", state)
    link = element.ask("el.link")
    element.page.goto("about:blank")
    element.page.goto(link)
    assert element.state == json.loads(json.dumps(state))


HOSTILE = ["%", "%7B", "{}", "[]", "null", "%7B%22__proto__%22%3A%7B%22x%22%3A1%7D%7D", "%22%3Cimg%20src=x%20onerror=alert(1)%3E%22",
           "<script>alert(1)</script>", "{" * 500, "1e309", "x" * 30000]


@figures
def test_hostile_links_change_nothing(kind, live):
    element = live(kind())
    base = element.page.url
    key = element.ask("el.key")
    for text in HOSTILE:
        element.page.goto("about:blank")
        element.page.goto(f"{base}#{key}={text}")
        assert element.state == json.loads(json.dumps(kind().state)), text
        assert element.ask("el.error !== '' || a === '{}'", text), text
        assert element.ask("el.shadowRoot.querySelectorAll('script, img[src=x]').length") == 0


@figures
def test_tab_reaches_every_control_once(kind, live):
    element = live(kind())
    element.settle()
    expected = element.focusable()
    assert "" not in expected, "a control without a name"
    reached = []
    for _ in range(len(expected) + 5):
        element.page.keyboard.press("Tab")
        label = element.ask("""(() => { const node = el.shadowRoot.activeElement; return node && document.activeElement === el
            ? node.getAttribute('aria-label') || node.textContent.trim() || node.labels?.[0]?.textContent.trim() : null; })()""")
        if label is None and reached:
            break
        if label is not None:
            reached.append(label)
    assert reached == expected


@figures
def test_every_control_works_by_keyboard(kind, live):
    """Sliders and radio buttons move by arrow keys, buttons by Enter; each leaves a good figure."""
    element = live(kind())
    count = element.ask("(el.controls = [...el.shadowRoot.querySelectorAll('input[type=range], input[type=radio], .grid, button')]).length")
    for k in range(count):
        element.ask("el.update(el.initial)")
        usable = element.ask("(() => { const node = el.controls[a]; if (!node.isConnected || node.disabled || !node.checkVisibility()) return ''; node.focus(); return node.type || 'grid'; })()", k)
        if not usable:
            continue
        before = element.state
        keys = {"range": ["ArrowRight"], "radio": ["ArrowRight"], "grid": ["ArrowDown", "ArrowRight", "Enter", "Escape", "End", "Home", "PageDown", "PageUp"]}
        for key in keys.get(usable, ["Enter"]):
            element.page.keyboard.press(key)
            if usable == "range":
                assert element.state != before, element.ask("el.controls[a].getAttribute('aria-label')", k)
        assert element.ask("el.error") == "", element.ask("el.controls[a].outerHTML", k)


@figures
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(kind, live, scheme, axe):
    for figure in [kind(), kind(**random_states(kind, 1, seed=5)[0])]:
        element = live(figure)
        element.page.emulate_media(color_scheme=scheme)
        element.settle()
        assert element.ask("el.dataset.scheme") == scheme
        assert axe(element.page) == []


@figures
def test_a_narrow_screen_needs_no_sideways_scrolling(kind, live):
    for state in [kind().state, *random_states(kind, 8, seed=6)]:
        element = live(kind(**state))
        element.page.set_viewport_size({"width": 360, "height": 740})
        element.settle()
        assert element.page.evaluate("document.documentElement.scrollWidth") <= 360, state


@figures
def test_removal_frees_everything(kind, live):
    """No listener, timer or observer keeps a removed figure alive."""
    element = live(kind())
    element.page.evaluate("""async (tag) => {
        window.refs = [];
        for (let k = 0; k < 20; k++) {
            const one = document.createElement(tag);
            document.body.append(one);
            await one.ready;
            one.remove();
            refs.push(new WeakRef(one));
        }
        document.querySelector(tag).remove();
    }""", kind.tag)
    element.page.wait_for_timeout(600)
    session = element.page.context.new_cdp_session(element.page)
    session.send("HeapProfiler.collectGarbage")
    assert element.page.evaluate("refs.filter((ref) => ref.deref()).length") == 0
    assert element.page.evaluate("cnnmath.theme.followers.size") == 0


@figures
def test_two_figures_on_a_page_keep_apart(kind, live):
    element = live(kind(), kind(), kind(name="third"))
    keys = element.page.evaluate("(tag) => [...document.querySelectorAll(tag)].map((one) => one.key)", kind.tag)
    assert len(set(keys)) == 3 and keys[2] == "third"
    state = random_states(kind, 1, seed=7)[0]
    element.ask("el.state = a", state)
    assert element.page.evaluate("(tag) => document.querySelectorAll(tag)[1].state", kind.tag) == json.loads(json.dumps(kind().state))


@figures
def test_text_in_a_number_field_is_refused(kind, live):
    element = live(kind())
    fields = element.page.locator(f"{kind.tag} input[type=number]:visible")
    for k in range(min(3, fields.count())):
        before = element.state
        fields.nth(k).fill("")
        fields.nth(k).press("Enter")
        fields.nth(k).blur()
        element.settle()
        assert element.state == before


def test_every_figure_script_is_strict_and_used():
    names = {name for kind in FIGURES.values() for name in _assets.scripts(kind) if not name.endswith(".css.js")}
    assert {path.name for path in _assets.STATIC.glob("*.js")} == names | {*_assets.LATER, "notebook.js"}  # a page has no use for that one
    assert all('"use strict"' in _assets.source(name) for name in names)


def test_named_kernels_are_cnnmaths(page, tmp_path):
    from cnnmath import kernels
    from cnnmath.figures import KernelSlider

    path = tmp_path / "figure.html"
    KernelSlider().save(path)
    page.goto(path.as_uri())
    for name, rows in page.evaluate("cnnmath.kernels").items():
        np.testing.assert_array_equal(rows, kernels.kernel(name), err_msg=name)


def test_numbers_are_printed_alike(page, tmp_path):
    from cnnmath import _check
    from cnnmath.figures import KernelSlider, _text

    path = tmp_path / "figure.html"
    KernelSlider().save(path)
    page.goto(path.as_uri())
    rng = np.random.default_rng(0)
    numbers = [0.0, -0.0, 1.0, -6.0, 1 / 9, 0.0625, 0.0005, 0.00049999, 0.1, 0.09995, 0.099949, 999999.9996, 9999999.5, 1e7, 1e15, 1e16, 1e21,
               1e-4, 9.9999e-5, 1e-7, 123456789.0, 0.9995, 0.99949, 1e300, *(rng.normal(size=500) * 10.0 ** rng.integers(-9, 12, 500)), *(rng.integers(-64, 64, 200) / 64)]
    numbers += [-x for x in numbers]
    spoken = page.evaluate("(numbers) => numbers.map((x) => [cnnmath.number(x), cnnmath.literal(x)])", [float(x) for x in numbers])
    for x, (text, literal) in zip(numbers, spoken, strict=True):
        assert text == _text.number(x), x
        assert literal == _check.literal(x), x
