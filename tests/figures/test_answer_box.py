"""AnswerBox: what it reads, what it answers, and how a reader works with it."""

import html.parser
import json

import numpy as np
import pytest

from cnnmath import image, kernels
from cnnmath.convolution import convolve2d, correlate2d
from cnnmath.figures import AnswerBox, StateError
from cnnmath.figures.answer_box import MISTAKE, NONE, RIGHT, ROUNDED, SHAPE, UNREAD, WRONG, parse
from tests.figures.contract import assert_equal

KERNEL = kernels.kernel("vertical_edge")
RIGHT_MAP = correlate2d(image.RIDGE, KERNEL)
ODD = np.arange(6.0).reshape(2, 3)

# text → its rows, or a part of the sentence that says why it has none
PARSED = {
    "": [], "  \n ": [], "[]": [], "[[]]": [], "][": [], "\n;\n": [],
    "7": [[7]], "-6": [[-6]], "−6": [[-6]], "–6": [[-6]], "+6": [[6]], "6.": [[6]], ".5": [[0.5]], "-.5": [[-0.5]], " 0.25\n": [[0.25]],
    "1e3": [[1000]], "2E-2": [[0.02]], "1e-400": [[0]], "1000000000000": [[1e12]],
    "1/9": [[1 / 9]], "-1/9": [[-1 / 9]], "1 / 4": [[0.25]], "1/-4": [[-0.25]], ".5/2": [[0.25]],
    "1 2 3": [[1, 2, 3]], "1,2,3": [[1, 2, 3]], "1 , 2\t3": [[1, 2, 3]], "1\u00a02": [[1, 2]], "[1, 2]": [[1, 2]], "0,5": [[0, 5]],
    "1 2\n3 4": [[1, 2], [3, 4]], "1 2; 3 4": [[1, 2], [3, 4]], "1 2\r\n3 4\r\n": [[1, 2], [3, 4]], "\n\n1\n\n2\n": [[1], [2]],
    "[[1, 2], [3, 4]]": [[1, 2], [3, 4]], "[[1. 2.]\n [3. 4.]]": [[1, 2], [3, 4]], "[ [1 2] ,\n [3 4] ]": [[1, 2], [3, 4]],
    "[1, 2], [3, 4]": [[1, 2], [3, 4]], "[1 2]\n[3 4]": [[1, 2], [3, 4]], "[1 2; 3 4]": [[1, 2], [3, 4]], "[[1 2]; [3 4]]": [[1, 2], [3, 4]],
    " ".join(["1"] * 256): [[1] * 256],
    "two": '"two" is no number', "NaN": '"NaN" is no number', "inf": '"inf"', "−Infinity": '"-Infinity"', "0x10": '"0x10"', "1_000": '"1_000"',
    "1e309": '"1e309" is no number up to 10¹²', "1e13": '"1e13"', "1/0": '"1/0"', "0/0": '"0/0"', "1/2/3": '"1/2/3"', "/2": '"/2"', "1/": '"1/"',
    "1e": '"1e"', "e": '"e"', "--1": '"--1"', "1-2": '"1-2"', "1.2.3": '"1.2.3"', "- 6": '"-" is no number', ".": '"."', "٣": '"٣"', "½": '"½"', "1\u20282": "is no number",
    "1,,2": '"," is no number', ",1": '","', "1, 2,": '","', ";,": '","', "1;,": '","',
    "[1, 2": '"[1"', "1]": '"1]"', "[[1, 2]": '"[[1"', "[[[1]]]": '"[[[1]]]"', "[1] 2": '"[1]2"', "(1, 2)": '"(1"', "array([1])": '"array',
    "1 2\n3": "rows of length 2 and 1", "1; 2 3; 4": "rows of length 1 and 2",
    " ".join(["1"] * 257): "more than 256 numbers", "<img src=x onerror=alert(1)>": '"<img" is no number', "1;" * 400: "more than 256",
    "${1}": '"${1}"', "__proto__": '"__proto__"', "x" * 200: "…",
}


def box(**state):
    """The exercise that the tests share."""
    mistakes = {"with the kernel turned by 180°": convolve2d(image.RIDGE, KERNEL), "stride forgotten": correlate2d(image.RIDGE, KERNEL, padding=1)}
    given = {"question": "I ⋆ K?", "answer": RIGHT_MAP, "mistakes": mistakes, "hints": ["one", "two"], "solution": "By hand."}
    return AnswerBox(**given | state)


def told(response, **state):
    """The verdict on a response and its sentence."""
    figure = box(response=response, **state)
    return figure.values()["verdict"], figure.describe()


@pytest.fixture
def element(live):
    opened = live(box())
    opened.settle()
    return opened


def button(element, name):
    return element.page.get_by_role("button", name=name)


def shown(element):
    """All text that the figure shows."""
    element.settle()
    return element.page.get_by_role("group", name="AnswerBox").inner_text()


def verdict(element):
    element.settle()
    return element.page.get_by_role("status").inner_text()


@pytest.mark.parametrize("text", PARSED, ids=lambda text: repr(text[:20]))
def test_a_response_is_read_or_refused(text):
    expected = PARSED[text]
    rows, problem = parse(text)
    if isinstance(expected, str):
        assert rows == [] and expected in problem
    else:
        assert problem == "" and rows == expected


def test_both_languages_read_alike(element, rng):
    """The table, and random texts of the characters that a response is made of."""
    alphabet = list("0123456789.,;/-−+eE[] \n\t\r") + ["\u00a0", "[[", "]]", "], [", "1", "2 ", "x"]
    edges = ["1e-8 2; 3 4", "1e-10 2; 3 4", "0 2.01; 3 4", "0 2.0101; 3 4", "0 3; 2 4", "0 -2 -3 -4", "0 2 3 4", "-0 -2; -3 -4", "0.5025", "0.50251", "0.52"]
    texts = [*PARSED, *edges, *("".join(rng.choice(alphabet, rng.integers(1, 14))) for _ in range(1000))]
    for answer in ([[0.0, 2.0], [3.0, 4.0]], [1.0, 2.0], 0.5):
        figure = AnswerBox(answer=answer, tolerance=0.005)
        element.ask("el.state = a", figure.state)
        answers = element.ask("a.map((response) => { el.state = { response }; return [el.values, el.description]; })", texts)
        for text, (values, description) in zip(texts, answers, strict=True):
            figure.response = text
            assert description == figure.describe(), (text, answer)
            assert_equal(figure.values(), values, (text, answer))


@pytest.mark.parametrize("response, verdict, sentence", [
    ("", NONE, "No answer yet."),
    ("-6 0 6; -6 0 6; -6 0 6", RIGHT, "Right: 9 of 9 entries."),
    ("6 0 -6; 6 0 -6; 6 0 -6", MISTAKE, "Not right. This is what a known mistake gives: with the kernel turned by 180°."),
    ("-7 -4 0 4 7;-15 -6 0 6 15;-18 -6 0 6 18;-15 -6 0 6 15;-7 -4 0 4 7", MISTAKE, "Not right. This is what a known mistake gives: stride forgotten."),
    ("-6 -6 -6; 0 0 0; 6 6 6", MISTAKE, "Not right. This is what a known mistake gives: axes swapped."),
    ("-6 0 6 -6 0 6 -6 0 6", SHAPE, "The shape is not 1 × 9. The numbers are right: arrange them as 3 × 3."),
    ("1 2; 3 4", SHAPE, "The shape is not 2 × 2."),
    ("-6 0 6; -6 1 6; -6 0 5", WRONG, "Right so far: 7 of 9 entries."),
    ("six", UNREAD, 'Not read: "six" is no number up to 10¹². Write it like −6, 0.5 or 1/9.'),
])
def test_what_an_array_is_told(response, verdict, sentence):
    assert told(response) == (verdict, sentence)


@pytest.mark.parametrize("response, verdict, sentence", [
    ("1/9", RIGHT, "Right: 0.111."),
    ("0.111", RIGHT, "Right: 0.111."),
    ("0.11", ROUNDED, "Close, but rounded too far: give more digits."),
    ("0,111", SHAPE, "The shape is not 1 × 2. A comma separates entries: write 0.5 with a point, 1000 without a comma."),
    ("−1/9", MISTAKE, "Not right. This is what a known mistake gives: opposite sign."),
    ("1", MISTAKE, "Not right. This is what a known mistake gives: not divided."),
    ("2", WRONG, "Not right: 2."),
])
def test_what_a_number_is_told(response, verdict, sentence):
    assert told(response, answer=1 / 9, mistakes={"not divided": 1}) == (verdict, sentence)


def test_known_mistakes_are_counted_and_entries_marked():
    assert box(response="6 0 -6; 6 0 -6; 6 0 -6").values()["mistake"] == 0
    swapped = box(answer=ODD, response="0 3; 1 4; 2 5")
    assert swapped.values()["mistake"] == 2 and swapped.describe().endswith("axes swapped.")
    opposite = box(answer=ODD, response="0 -1 -2; -3 -4 -5")
    assert opposite.values()["mistake"] == 3 and opposite.describe().endswith("opposite sign.")
    assert box(answer=ODD, response="0 1 2; 3 0 5").values()["right"].tolist() == [[1, 1, 1], [1, 0, 1]]


def test_a_mistake_of_the_author_goes_before_the_opposite_sign():
    """Turning this kernel only changes its sign: the reader is told of the turn."""
    assert np.array_equal(convolve2d(image.RIDGE, KERNEL), -RIGHT_MAP)
    assert told("6 0 -6; 6 0 -6; 6 0 -6")[1].endswith("turned by 180°.")
    assert told("6 0 -6; 6 0 -6; 6 0 -6", mistakes={})[1].endswith("opposite sign.")


def test_a_list_is_a_row_or_a_column():
    for response in ("1 2 3", "[1, 2, 3]", "1\n2\n3"):
        assert told(response, answer=[1, 2, 3]) == (RIGHT, "Right: 3 of 3 entries.")
    assert told("1 2", answer=[1, 2, 3])[0] == SHAPE


def test_whole_numbers_are_met_exactly_and_others_to_three_digits():
    assert box(answer=5130, mistakes={"bias forgotten": 5120}).tolerance == 0
    assert told("5129", answer=5130, mistakes={})[0] == WRONG
    for answer, response in ((1 / 3, "0.333"), (0.012349, "0.0123"), (1.005, "1.01"), (2.30258, "2.3")):
        assert told(response, answer=answer, mistakes={})[0] == RIGHT
    assert told("0", answer=[1e-17, 0.5], mistakes={})[0] == SHAPE
    assert told("0 0.5", answer=[1e-17, 0.5], mistakes={})[0] == RIGHT
    assert told("139000000", answer=138357544, mistakes={}, tolerance=0.01)[0] == RIGHT


@pytest.mark.parametrize("mistakes", [{"same": RIGHT_MAP}, {"a": [[1]], "b": [[1]]}, {"a": 1.0, "b": 1.004}])
def test_mistakes_that_cannot_be_told_apart_are_refused(element, mistakes):
    with pytest.raises(StateError, match=r"^AnswerBox: mistakes must differ from the answer and from each other by more than the tolerance; got \"") as refused:
        box(mistakes=mistakes, tolerance=0.005)
    state = {"mistakes": [{"reason": reason, "value": np.asarray(value).tolist()} for reason, value in mistakes.items()], "tolerance": 0.005}
    assert element.ask("(el.state = a, el.error)", state) == str(refused.value)


def test_arrays_keep_their_dimensions():
    for value in (np.float32(2), np.array(2), np.array([1, 2]), ODD):
        assert np.shape(AnswerBox(answer=value).state["answer"]) == np.shape(value)
    with pytest.raises(StateError, match="AnswerBox: answer must be a number, 1 to 16 numbers or a matrix of up to 16 × 16 numbers; got "):
        AnswerBox(answer=np.zeros((17, 2)))
    with pytest.raises(StateError, match=r"AnswerBox: answer must hold only numbers from .*; got \[0, 0\]"):
        AnswerBox(answer=np.zeros((2, 2, 2)))
    with pytest.raises(StateError, match="AnswerBox: mistakes must fit item by item: item 0's reason must be text of at most 200 characters; got 3."):
        AnswerBox(mistakes={3: 1.0})


HOSTILE = "</script><img src=x onerror=alert(1)>\"'`${alert(1)}\\ &lt; \u2028\n]]> 😀"


class Tags(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)


def test_hostile_text_stays_text(live):
    given = {"question": HOSTILE, "hints": [HOSTILE], "solution": HOSTILE, "mistakes": {HOSTILE: 5}, "answer": 3}
    figure = AnswerBox(**given, response="5", shown_hints=1, revealed=True)
    opened = live(figure)
    opened.settle()
    assert opened.ask("el.shadowRoot.querySelectorAll('img, script').length") == 0
    assert opened.ask("document.querySelectorAll('img').length") == 0
    assert HOSTILE in opened.ask("[...el.shadowRoot.querySelectorAll('p')].map((node) => node.textContent)")
    assert opened.ask("el.code") == figure.as_python()
    assert set(Tags(figure.to_html()).tags) <= {figure.tag, "div", "p", "details", "summary", "ol", "li", "table", "caption", "tr", "td"}
    names = {}
    exec(figure.as_python(), names)
    assert names["box"].question == HOSTILE and names["verdict"] == MISTAKE


def test_half_a_surrogate_pair_is_no_text(element):
    message = element.ask("(el.state = { question: String.fromCharCode(0xd800) }, el.error)")
    assert message.startswith("AnswerBox: question must be text of at most 2000 characters; got ")
    with pytest.raises(StateError, match="question must be text of at most 2000 characters"):
        AnswerBox(question="\ud800")


def test_an_array_is_checked_by_ctrl_enter_or_the_button(element):
    field = element.page.get_by_label("your array")
    field.fill("-6 0 6\n-6 1 6")
    field.press("Enter")
    field.press_sequentially("-6 0 6")
    assert element.state["response"] == "" and verdict(element) == "No answer yet."
    field.press("Control+Enter")
    assert element.state["response"] == "-6 0 6\n-6 1 6\n-6 0 6"
    assert verdict(element) == "Right so far: 8 of 9 entries."
    cells = element.page.get_by_role("gridcell")
    assert cells.all_inner_texts() == ["−6✓", "0✓", "6✓", "−6✓", "1✗", "6✓", "−6✓", "0✓", "6✓"]
    field.fill("-6 0 6\n" * 3)
    button(element, "Check").click()
    assert verdict(element) == "Right: 9 of 9 entries."


def test_a_number_is_checked_by_enter(live):
    element = live(AnswerBox(answer=-6, question="The first entry?"))
    field = element.page.get_by_label("your number")
    field.fill("6")
    field.press("Enter")
    element.settle()
    assert element.state["response"] == "6"
    assert verdict(element) == "Not right. This is what a known mistake gives: opposite sign."
    assert field.input_value() == "6"
    assert element.page.get_by_role("gridcell").count() == 0


def test_hints_come_one_by_one_and_the_solution_after_all(element):
    assert button(element, "Solution").count() == 0
    button(element, "Hint 1 of 2").click()
    assert "1. one" in shown(element) and "2. two" not in shown(element)
    assert button(element, "Solution").count() == 0
    button(element, "Hint 2 of 2").click()
    assert "1. one\n2. two" in shown(element)
    assert button(element, "Hint").count() == 0
    assert element.ask("el.shadowRoot.activeElement.localName") == "textarea", "the focus must outlive the button"
    button(element, "Solution").click()
    assert "By hand." in shown(element)
    assert element.page.get_by_role("gridcell").all_inner_texts() == ["−6", "0", "6"] * 3
    button(element, "Solution").click()
    assert "By hand." not in shown(element)
    assert element.state["shown_hints"] == 2 and element.state["revealed"] is False


@pytest.mark.parametrize("response, offered", [("1", True), ("six", False), ("", False)])
def test_the_solution_is_offered_after_a_try_that_can_be_read(live, response, offered):
    element = live(AnswerBox(answer=-6, response=response))
    element.settle()
    assert button(element, "Solution").count() == offered


def test_reset_clears_what_was_typed(element):
    field = element.page.get_by_label("your array")
    field.fill("1 2 3")
    button(element, "Reset").click()
    element.settle()
    assert field.input_value() == ""
    field.fill("1 2 3")
    button(element, "Check").click()
    button(element, "Reset").click()
    element.settle()
    assert field.input_value() == "" and verdict(element) == "No answer yet."


def test_typing_survives_a_repaint(element):
    field = element.page.get_by_label("your array")
    field.fill("1 2")
    element.page.set_viewport_size({"width": 500, "height": 700})
    button(element, "Hint 1 of 2").click()
    element.settle()
    assert field.input_value() == "1 2"


def test_a_response_that_is_too_long_is_refused(element):
    element.page.get_by_label("your array").fill("1 " * 1500)
    button(element, "Check").click()
    element.settle()
    assert element.page.get_by_role("alert").inner_text().startswith("AnswerBox: response must be text of at most 2000 characters; got ")
    assert element.state["response"] == ""


def test_the_static_form_has_question_hints_and_solution():
    text = box().static()
    assert text.startswith("<p>I ⋆ K?</p><details><summary>Hints</summary><ol><li>one</li><li>two</li></ol></details>")
    assert text.count("<td>−6</td>") == 3 and "<summary>Solution</summary><p>By hand.</p>" in text
    assert "Hints" not in box(hints=[]).static()


def test_a_dict_of_mistakes_is_a_list_in_the_state():
    assert AnswerBox(mistakes={"a": 1, "b": [2]}).mistakes == [{"reason": "a", "value": 1.0}, {"reason": "b", "value": [2.0]}]
    json.dumps(box().state)
