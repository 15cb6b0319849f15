"""Worksheet in the page: the texts of the sheet, filling it, its key, and printing it alone."""

import pytest

from cnnmath import worksheet as sheets
from cnnmath.figures import Worksheet


@pytest.fixture
def element(live):
    return live(Worksheet())


def blank(element, k):
    return element.page.locator("cnnmath-worksheet .line input").nth(k)


def shown(element, selector):
    return element.page.locator(f"cnnmath-worksheet {selector}").all_inner_texts()


def test_a_thousand_sheets_of_each_topic_are_pythons(element):
    """Every number and every text: given, titles, rules, lines with their work."""
    for topic in sheets.TOPICS:
        made = element.ask("Array.from({ length: 1000 }, (_, seed) => cnnmath.worksheet.worksheet(a, seed))", topic)
        for seed, one in enumerate(made):
            sheet = sheets.worksheet(topic, seed)
            assert one["title"] == sheet.title
            assert one["given"] == [[name, rows] for name, rows in sheet.given]
            assert [(part["name"], part["rule"]) for part in one["parts"]] == [(part.title, part.rule) for part in sheet.parts]
            lines = [line for part in one["parts"] for line in part["lines"]]
            assert [(line["label"], line["work"]) for line in lines] == [(line.label, line.work) for line in sheet.lines], seed
            assert one["answers"] == pytest.approx(sheet.answers, abs=1e-12)


@pytest.mark.parametrize("topic", sheets.TOPICS)
def test_the_key_of_the_page_is_the_key_on_paper(live, topic):
    element = live(Worksheet(topic=topic, seed=3, key=True))
    element.settle()
    key = [line[2:] for line in sheets.worksheet(topic, 3).text(answers=True).splitlines() if line.startswith("- ")]
    assert [" ".join(line.split()) for line in shown(element, ".solved")] == [" ".join(line.split()) for line in key]


def test_every_blank_has_a_name_and_gets_its_mark(element):
    element.settle()
    blank(element, 0).fill("2")
    blank(element, 0).press("Tab")
    assert element.ask("el.shadowRoot.activeElement.getAttribute('aria-label')") == "W_out"
    element.page.keyboard.type("3")
    element.page.keyboard.press("Tab")
    assert element.ask("el.shadowRoot.activeElement.getAttribute('aria-label')") == "O(0, 0), term 1"
    element.settle()
    assert shown(element, ".mark")[:3] == ["✓", "✗", ""]
    assert blank(element, 1).get_attribute("aria-invalid") == "true" and blank(element, 0).get_attribute("aria-invalid") == "false"
    assert element.state["typed"][:2] == ["2", "3"] and element.ask("el.values.score") == 1
    assert element.ask("el.shadowRoot.querySelector('[aria-live]').textContent") == "Convolution, as layers compute it, sheet 7: 1 of 22 points; 1 wrong, 20 empty."


def test_typing_survives_a_repaint_and_is_kept_by_the_link(element):
    blank(element, 2).fill("1")
    element.ask("el.repaint()")
    element.settle()
    assert blank(element, 2).input_value() == "1"
    blank(element, 2).press("Tab")
    link = element.ask("el.link")
    element.page.goto("about:blank")
    element.page.goto(link)
    element.settle()
    assert blank(element, 2).input_value() == "1"


def test_another_sheet_is_empty(element):
    blank(element, 0).fill("2")
    blank(element, 0).press("Tab")
    element.page.get_by_role("button", name="Another").click()
    element.settle()
    assert element.state == {"topic": "convolution", "seed": 8, "typed": [], "key": False}
    assert blank(element, 0).input_value() == "" and shown(element, "h2") == ["Convolution, as layers compute it: sheet 8"]


def test_the_key_is_shown_when_asked_for(element):
    element.settle()
    assert shown(element, ".solved") and not element.page.locator(".solved").first.is_visible()
    element.page.get_by_role("button", name="Show key").click()
    element.settle()
    assert element.page.locator(".solved").first.inner_text().startswith("H_out = ⌊(3 + 0 − 2)/1⌋ + 1 = 2")
    assert element.state["key"] is True


def test_only_the_sheet_is_printed(live):
    """What paper shows while the browser prints: the sheet with its blanks; neither its neighbours nor its buttons."""
    element = live(Worksheet(), Worksheet(seed=8))
    element.settle()
    element.page.emulate_media(media="print")
    visible = """(() => {
        const seen = (node) => Boolean(node?.checkVisibility());
        const [one, other] = document.querySelectorAll('cnnmath-worksheet');
        return [seen(one), seen(other), seen(document.querySelector('h1')), seen(one.shadowRoot.querySelector('.paper')),
            seen(one.shadowRoot.querySelector('.line input')), [...one.shadowRoot.querySelectorAll('button')].some(seen)]; })()"""
    element.page.evaluate(f"() => {{ window.print = () => {{ dispatchEvent(new Event('beforeprint')); window.printed = {visible}; dispatchEvent(new Event('afterprint')); }}; }}")
    element.ask("[...el.shadowRoot.querySelectorAll('button')].find((one) => one.textContent === 'Print this sheet').click()")
    assert element.page.evaluate("printed") == [True, False, False, True, True, False]
    assert element.page.evaluate(f"() => {visible}")[:3] == [True, True, True], "after printing all is as before"
    assert element.page.evaluate("[document.querySelectorAll('[data-cnnmath-aside]').length, document.adoptedStyleSheets.length]") == [0, 0]


def test_a_bad_seed_keeps_the_sheet(element):
    seed = element.page.get_by_label("seed", exact=True)
    seed.fill("1000000")
    seed.press("Enter")
    element.settle()
    assert element.page.get_by_role("alert").inner_text() == "Worksheet: seed must be an integer from 0 to 999999; got 1000000."
    assert element.state["seed"] == 7 and seed.input_value() == "7"
