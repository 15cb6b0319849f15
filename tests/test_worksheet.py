"""Worksheets: the same for a seed, right by cnnmath, marked fairly, printed whole."""

import re
import subprocess
import sys

import numpy as np
import pytest

from cnnmath.convolution import conv2d, conv2d_backward
from cnnmath.optimizers import SGD, Adam
from cnnmath.parameters import Parameter
from cnnmath.pooling import avg_pool2d, max_pool2d
from cnnmath.worksheet import TOPICS, main, worksheet

SEEDS = range(1000)


def totals(sheet, part):
    """What stands at the end of each line of a part."""
    return np.array([line.total for line in sheet.parts[part].lines])


def batch(rows):
    return np.array(rows, float)[None, None]


def test_convolutions_are_cnnmaths():
    for seed in SEEDS:
        sheet = worksheet("convolution", seed)
        image, kernel, ((stride,),), ((padding,),) = (rows for _, rows in sheet.given)
        expected = conv2d(batch(image), batch(kernel), None, stride, padding)[0, 0]
        assert tuple(totals(sheet, 0)) == expected.shape
        np.testing.assert_array_equal(totals(sheet, 1), expected.ravel(), err_msg=f"seed {seed}")


def test_pooling_is_cnnmaths():
    for seed in SEEDS:
        sheet = worksheet("pooling", seed)
        image, _, ((stride,),) = (rows for _, rows in sheet.given)
        for part, pool in enumerate((max_pool2d, avg_pool2d)):
            np.testing.assert_array_equal(totals(sheet, part), pool(batch(image), 2, stride).ravel(), err_msg=f"seed {seed}")


def test_backward_passes_are_cnnmaths():
    for seed in SEEDS:
        sheet = worksheet("backward", seed)
        image, kernel, delta = (batch(rows) for _, rows in sheet.given)
        dimage, dkernel, dbias = conv2d_backward(delta, image, kernel)
        for part, expected in enumerate((dkernel, dimage, dbias)):
            np.testing.assert_array_equal(totals(sheet, part), expected.ravel(), err_msg=f"seed {seed}")


def test_momentum_is_cnnmaths():
    for seed in SEEDS:
        sheet = worksheet("momentum", seed)
        (theta,), (velocity,), ((rate,),), ((factor,),) = (rows for _, rows in sheet.given)
        assert velocity == [0, 0]
        weight = Parameter(np.array(theta, float))
        optimizer = SGD([weight], lr=rate, momentum=factor)
        for part in sheet.parts:
            weight.grad = np.array([line.terms[1] for line in part.lines[::2]], float)
            assert f"gradient ({', '.join(f'{int(g)}' for g in weight.grad)})".replace("-", "−") in part.title
            optimizer.step()
            np.testing.assert_allclose([line.total for line in part.lines[::2]], optimizer.state[0]["velocity"], atol=1e-12)
            np.testing.assert_allclose([line.total for line in part.lines[1::2]], weight.data, atol=1e-12)


def test_adam_is_cnnmaths():
    for seed in SEEDS:
        sheet = worksheet("adam", seed)
        (theta,), (gradient,), ((rate,),), (betas,), _ = (rows for _, rows in sheet.given)
        weight = Parameter(np.array(theta, float))
        weight.grad = np.array(gradient, float)
        optimizer = Adam([weight], lr=rate, betas=tuple(betas), eps=0)
        optimizer.step()
        state = optimizer.state[0]
        for k in (0, 1):
            expected = [state[name][k] for name in ("mean", "square", "mean_hat", "square_hat")]
            expected += [np.sqrt(state["square_hat"][k]), weight.data[k]]
            np.testing.assert_allclose(totals(sheet, k), expected, rtol=1e-9, atol=1e-12, err_msg=f"seed {seed}")


@pytest.mark.parametrize("topic", TOPICS)
def test_terms_add_up_and_the_work_says_the_same(topic):
    for seed in SEEDS:
        for line in worksheet(topic, seed).lines:
            assert not line.terms or sum(line.terms) == pytest.approx(line.total, abs=1e-12)
            if line.terms:  # "(2)(−3) + 4" as Python
                products = [eval(term.replace(")(", ")*(")) for term in line.work.replace("−", "-").replace(" - ", " + -").split(" + ")]
                assert products == pytest.approx(list(line.terms), abs=1e-12), line


@pytest.mark.parametrize("topic", TOPICS)
def test_a_seed_names_one_sheet_and_seeds_differ(topic):
    assert worksheet(topic, 7) == worksheet(topic, 7)
    assert len({str(worksheet(topic, seed).given) for seed in range(50)}) > 40


def test_every_kind_of_convolution_and_pooling_occurs():
    for topic, kinds in (("convolution", 5), ("pooling", 3)):
        given = (worksheet(topic, seed).given for seed in range(100))
        assert len({(len(sheet[0][1]), len(sheet[0][1][0]), str(sheet[2:])) for sheet in given}) == kinds


@pytest.mark.parametrize("text, mark", [
    ("-1.5", 1), ("−1.5", 1), (" –1,5 ", 1), ("-3/2", 1), ("3/-2", 1), ("-1.50", 1), ("1.5", 0), ("-1.4999", 0), ("", -1), ("  ", -1),
    ("x", 0), ("-3/0", 0), ("1e3", 0), ("١", 0), ("-1.5 ", 1), ("--1.5", 0), ("-3/2/1", 0), ("nan", 0),
])  # fmt: skip
def test_what_is_typed_is_marked(text, mark):
    sheet = worksheet("momentum", 7)
    place = sheet.answers.index(-1.5)
    assert sheet.mark([""] * place + [text])[place] == mark


def test_a_right_sheet_has_all_points_and_short_lists_leave_blanks():
    for topic in TOPICS:
        sheet = worksheet(topic, 3)
        assert sheet.mark([f"{answer:.6f}" for answer in sheet.answers]) == [1] * sheet.points
        assert sheet.mark([]) == [-1] * sheet.points
        assert len(sheet.mark(["1"] * 100)) == sheet.points


@pytest.mark.parametrize("topic", TOPICS)
def test_the_sheet_has_a_blank_for_each_point_and_the_key_none(topic):
    sheet = worksheet(topic, 7)
    text, key, page = sheet.text(), sheet.text(answers=True), sheet.html()
    assert sum(line.count("______") for line in text.splitlines() if line.startswith("- ")) == sheet.points
    assert "____" not in key and page.split("<h2>", 1)[1].count("<b></b>") == sheet.points
    marks = re.findall(r"\[(?:(\d+) for the terms, )?1(?: for the sum)?\]", key)
    assert sum(int(terms or 0) + 1 for terms in marks) == sheet.points
    for line in sheet.lines:
        assert f"{line.label} = " in key


def test_the_key_shows_each_product_and_sum():
    key = worksheet("backward", 3).text(answers=True)
    line = next(line for line in key.splitlines() if line.startswith("- ∂L/∂K(0, 1)"))
    assert line == "- ∂L/∂K(0, 1) = (−1)(1) + (2)(4) + (−2)(4) + (1)(0) = −1 + 8 + (−8) + 0 = −1   [4 for the terms, 1 for the sum]"


@pytest.mark.parametrize("topic, seed, error, message", [
    ("sums", 0, ValueError, 'worksheet: topic must be one of "convolution", "pooling", "backward", "momentum", "adam"; got "sums".'),
    ("adam", -1, ValueError, "worksheet: seed must be an integer >= 0; got -1."),
    ("adam", 10**6, ValueError, "worksheet: seed must be an integer <= 999999; got 1000000."),
    ("adam", 1.5, TypeError, "worksheet: seed must be an integer >= 0; got 1.5."),
])  # fmt: skip
def test_bad_arguments_are_refused(topic, seed, error, message):
    with pytest.raises(error) as refused:
        worksheet(topic, seed)
    assert str(refused.value) == message


def test_the_command_prints_what_the_module_makes():
    command = [sys.executable, "-m", "cnnmath.worksheet", "--seed", "7"]
    ran = subprocess.run([*command, "convolution"], capture_output=True, check=True, env={"PYTHONUTF8": "1"})
    assert ran.stdout.decode() == worksheet("convolution", 7).text() and ran.stderr == b""


@pytest.mark.parametrize("answers", [False, True])
def test_the_command_writes_a_page(tmp_path, capsys, answers):
    path = tmp_path / "sheet.html"
    assert main(["--seed", "7", "--format", "html", "-o", str(path), "pooling", *["--answers"] * answers]) == 0
    assert path.read_text(encoding="utf-8") == worksheet("pooling", 7).html(answers)
    assert "http" not in path.read_text() and capsys.readouterr().out == ""


@pytest.mark.parametrize("arguments, message", [
    (["sums"], "worksheet: topic must be one of"), (["--seed", "-1", "adam"], "worksheet: seed must be an integer >= 0; got -1."),
    (["--seed", "two", "adam"], "argument --seed: invalid int value: 'two'"), ([], "the following arguments are required: topic"),
    (["adam", "-o", "no/such/folder/sheet.txt"], "cannot write"),
])  # fmt: skip
def test_the_command_says_what_is_wrong(capsys, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert message in capsys.readouterr().err
