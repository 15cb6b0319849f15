"""The small checks: both sides agree for all formulas, kinks are named, and numbers are typed as a reader types them."""

import numpy as np
import pytest

from cnnmath.figures import GradientCheck, SizeCheck, SlopeCheck, StateError, SumCheck
from cnnmath.figures.formula_check import bound

CHECKS = SizeCheck, SlopeCheck, GradientCheck, SumCheck
FORMULAS = [(kind, formula) for kind in CHECKS for formula in kind.formulas]


def states(kind, formula, count):
    """Random states of one formula."""
    drawn, rng = [], np.random.default_rng(11)
    while len(drawn) < count:
        state = {name: kind.class_traits()[name].random(rng) for name in kind.field_names} | {"formula": formula}
        try:
            kind.check_together(state)
        except ValueError:
            continue
        drawn.append(state)
    return drawn


def error(figure):
    return np.abs(figure.values()["difference"]).max()


@pytest.mark.parametrize("kind, formula", FORMULAS)
def test_both_sides_agree(kind, formula):
    """Also where the numbers are drawn at random; a central difference errs by h², and is asked at its smallest h."""
    for state in states(kind, formula, 20):
        figure = kind(**state)
        if kind is SlopeCheck:
            figure.h = "0.0001"
            if figure._near_a_kink() or (formula == "batch_norm" and np.std(figure.x) < 0.1):
                continue
        largest = np.abs(figure.values()["formula"]).max()
        assert error(figure) <= (0 if kind is SizeCheck else 1e-6 * (1 + largest)), state


@pytest.mark.parametrize("kind, formula", FORMULAS)
def test_a_formula_alone_gives_its_example(kind, formula):
    figure = kind(formula=formula)
    assert {name: figure.state[name] for name in kind.formulas[formula][1]} == kind.formulas[formula][1]
    bare = {name: value for name, value in kind.formulas[formula][1].items()}
    assert kind(formula=formula, **bare).state == figure.state


@pytest.mark.parametrize("kind", CHECKS)
def test_the_page_has_the_same_formulas_and_examples(kind, live):
    found = live(kind()).ask("Object.entries(el.constructor.formulas).map(([name, { title, example }]) => [name, title, example])")
    assert found == [[name, title, example] for name, (title, example) in kind.formulas.items()]


@pytest.mark.parametrize("formula, x, h, near", [
    ("relu", [0.0], "0.0001", True), ("relu", [0.05, 3.0], "0.1", True), ("relu", [0.05, 3.0], "0.01", False), ("leaky_relu", [-0.05], "0.1", True),
    ("max_pool2d", [1.0, 1.0], "0.0001", True), ("max_pool2d", [1.0, 1.05], "0.1", True), ("max_pool2d", [1.0, 1.2], "0.1", False),
])  # fmt: skip
def test_a_kink_is_named_where_there_is_one(formula, x, h, near):
    figure = SlopeCheck(formula=formula, x=x, h=h, **({"y": [1.0]} if formula == "max_pool2d" else {}))
    assert ("less than h from a kink" in figure.describe()) is near
    assert (error(figure) > 1e-6) == near


def test_at_the_kink_the_central_difference_of_relu_is_a_half():
    values = SlopeCheck(formula="relu", x=[0.0], h="0.0001").values()
    assert values["formula"] == [0] and values["measured"] == pytest.approx(0.5)


def test_a_smaller_h_comes_closer_with_its_square():
    errors = [error(SlopeCheck(formula="tanh", x=[1.0], h=h)) for h in ("0.1", "0.01", "0.001")]
    assert errors[0] / errors[1] == pytest.approx(100, rel=0.05) and errors[1] / errors[2] == pytest.approx(100, rel=0.05)
    assert SlopeCheck(formula="tanh", x=[1.0], h="0.1").describe().endswith(" A smaller h would bring them closer.")
    assert not SlopeCheck(formula="tanh", x=[1.0], h="0.0001").describe().endswith("closer.")


def test_the_verdict_follows_the_difference():
    """A figure whose formula is wrong says so."""
    wrong = SizeCheck()
    wrong.steps = lambda: "formula, measured, difference = 4, 5, -1"
    assert wrong.describe() == "By the formula: 4. By counting: 5. They differ."
    slope = SlopeCheck(formula="sigmoid", x=[0.0])
    slope.steps = lambda: SlopeCheck.steps(slope).replace("formula = ", "formula = 2 * ")
    assert slope.describe().startswith("By the formula: 0.5. By central differences, h = 0.001: 0.25. They differ by less than 1.")


@pytest.mark.parametrize("value, power", [(0, 1e-8), (3e-12, 1e-8), (1.1e-8, 1e-7), (0.02, 0.1), (0.11, 1), (7, 10)])
def test_the_bound_is_the_power_of_ten_above(value, power):
    assert bound(value) == pytest.approx(power)


def field(element, label):
    return element.page.locator(element.tag).get_by_label(label, exact=True)


def test_numbers_are_typed_with_spaces_rows_with_semicolons(live):
    element = live(GradientCheck())
    element.settle()
    assert [field(element, name).input_value() for name in ("I", "K", "δ")] == ["1 2 3; 4 5 6; 7 8 9", "1 2; 3 4", "1 0; 2 -1"]
    field(element, "K").fill("1, −2 ;0.5 4")
    field(element, "K").press("Enter")
    assert element.state["w"] == [[1, -2], [0.5, 4]]
    element.settle()
    assert field(element, "K").input_value() == "1 -2; 0.5 4"


@pytest.mark.parametrize("text, message", [
    ("1 two", 'SlopeCheck: x must be a number; got "1 two". The figure keeps its last value.'),
    ("", 'SlopeCheck: x must be a number; got "". The figure keeps its last value.'),
    ("1 2 3 4 5", "SlopeCheck: x must be a list of at most 4 items; got [1, 2, 3, 4, 5]."),
    ("99", "SlopeCheck: x must fit item by item: item 0 must be a number from -10 to 10; got 99."),
])  # fmt: skip
def test_numbers_that_are_none_are_refused(live, text, message):
    element = live(SlopeCheck())
    element.settle()
    field(element, "x").fill(text)
    field(element, "x").press("Enter")
    element.settle()
    assert element.page.get_by_role("alert").inner_text() == message
    assert element.state["x"] == [-1, 0, 2] and field(element, "x").input_value() == "-1 0 2"


def test_another_formula_brings_its_example_and_its_letters(live):
    element = live(SizeCheck())
    field(element, "formula").select_option("field")
    element.settle()
    assert element.state == {"formula": "field", "numbers": [3, 1, 2, 2, 3]}
    assert field(element, "K1, S1, K2, S2, K3").input_value() == "3 1 2 2 3"


def test_only_what_a_formula_uses_can_be_typed(live):
    element = live(SlopeCheck(formula="tanh"))
    element.settle()
    fields = element.page.locator(f"{element.tag} input[type=text]")
    assert [fields.nth(k).is_visible() for k in (0, 1)] == [True, False]
    field(element, "formula").select_option("mse_loss")
    element.settle()
    assert [fields.nth(k).is_visible() for k in (0, 1)] == [True, True]


def test_the_tables_show_the_values(live):
    element = live(SlopeCheck(formula="relu"))
    element.settle()
    tables = element.ask("[...el.shadowRoot.querySelectorAll('table')].map((one) => [one.caption.textContent, ...[...one.querySelectorAll('td')].map((cell) => cell.textContent)])")
    assert tables == [["formula", "0", "0", "1"], ["central differences, h = 0.001", "0", "0.5", "1"], ["difference", "0", "−0.5", "0"]]


@pytest.mark.parametrize("state, message", [
    (dict(formula="output", numbers=[3, 5, 1, 0, 1]), "SizeCheck: H + 2P must be at least 5, the span of the window; got 3."),
    (dict(formula="pooling", numbers=[3, 0, 1, 0]), "SizeCheck: K must be an integer from 1 to 256; got 0."),
    (dict(formula="parameters", numbers=[1, 2, 3, 4, 5]), "SizeCheck: numbers must be the 4 of C_in, C_out, K_h, K_w; got [1, 2, 3, 4, 5]."),
])  # fmt: skip
def test_sizes_that_cannot_be_are_refused(state, message):
    with pytest.raises(StateError) as refused:
        SizeCheck(**state)
    assert str(refused.value) == message
