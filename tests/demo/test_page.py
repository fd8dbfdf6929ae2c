"""The page: faults become sentences, and in a browser clicks become pictures."""

import json
import socket
import sys
import time

import gradio as gr
import httpx
import pytest
import tensorflow as tf
from click.testing import CliRunner
from test_contract import TEXTS, examples, make

from tfgen.demo import Examples, Playground, controls_of, open_run
from tfgen.demo.inputs import MAX_UPLOAD
from tfgen.demo.page import answered
from tfgen.demo.server import serve
from tfgen_cli.main import main


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (ValueError("expected a <b>. Received: c"), "expected a &lt;b&gt;. Received: c"),
        (FloatingPointError("it diverged"), "it diverged"),
        (MemoryError(), "fits in memory"),
        (tf.errors.ResourceExhaustedError(None, None, "OOM"), "fits in memory"),
        (KeyError("secret"), "a fault of the program"),
    ],
)
def test_a_fault_is_a_sentence_on_the_page(fault, message, capsys):
    def fail():
        raise fault

    with pytest.raises(gr.Error) as caught:
        answered(fail)()
    assert message in caught.value.message and "secret" not in caught.value.message
    assert not caught.value.print_exception
    # A bug is the terminal's.
    assert ("Traceback" in capsys.readouterr().err) == isinstance(fault, KeyError)


def test_a_run_whose_data_are_gone_says_so_and_can_be_played_with(tmp_path):
    model = make("VAE")
    model.save(tmp_path / "model.keras")
    metrics = {"data": str(tmp_path / "gone"), "seed": 0, "batch_size": 4}
    metrics |= {"binarize": "threshold", "levels": None, "epochs": 3}
    (tmp_path / "metrics.json").write_text(json.dumps(metrics))
    found = open_run(tmp_path)
    assert found.notice.startswith("There are no held-out images: ") and len(found.controls) == 5
    assert found.name == tmp_path.name and "VAE, trained on " in found.facts
    assert found.facts.endswith("3 epochs, 8x8 pixels in grey, density: bound")


def test_the_command_opens_its_runs_or_says_in_a_line_why_not(tmp_path, monkeypatch):
    run = tmp_path / "run"
    run.mkdir()
    call = lambda *options: CliRunner().invoke(main, ["demo", str(run), *options])
    result = call()
    assert result.exit_code == 2 and "folder of a finished run" in result.output
    make("VAE").save(run / "model.keras")
    metrics = {"data": "gone", "seed": 0, "batch_size": 4, "binarize": None, "levels": None}
    (run / "metrics.json").write_text(json.dumps(metrics))
    served = []
    monkeypatch.setattr("tfgen.demo.server.serve", lambda *arguments: served.append(arguments))
    result = call("--no-warm-up", "--port", "8123")
    assert result.exit_code == 0, result.output
    [([playground], host, port)] = served
    assert (playground.name, host, port) == ("run", "127.0.0.1", 8123)
    assert result.output.splitlines()[-1] == "http://127.0.0.1:8123"
    monkeypatch.setitem(sys.modules, "gradio", None)
    result = call()
    assert result.exit_code == 2
    assert 'Error: expected Gradio: pip install "tfgen[demo]". Received: ' in result.output


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The address of a page of two models."""
    playgrounds = []
    for name in ("TextToImageGAN: captions, conditional", "VAE"):
        model = make(name)
        controls = controls_of(model, Examples(*examples(model, 3)), num_samples=2)
        playgrounds.append(Playground(name.split(":")[0], f"a <b>{name}</b>", controls))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("uploads")))
        served = serve(playgrounds, port=port, wait=False)
        yield f"http://127.0.0.1:{port}/"
        served.close(verbose=False)


@pytest.fixture(scope="module")
def browser(page, browser):
    browser.get(page)
    return browser


def until(found, seconds=60):
    """What `found` gives as soon as it gives anything."""
    for _ in range(10 * seconds):
        value = found()
        if value:
            return value
        time.sleep(0.1)
    raise AssertionError("it did not come")


def seen(browser, css):
    """The elements that are on the tab in front."""
    return [each for each in browser.find_elements("css selector", css) if each.is_displayed()]


def press(browser, css, text):
    """Clicks on the element of that text, as soon as it is there."""
    wanted = lambda: [each for each in seen(browser, css) if each.text == text]
    until(wanted)[0].click()


def result(browser, before=None):
    """The address of the picture in front, other than the one that was there before."""

    def found():
        images = [each.get_attribute("src") for each in seen(browser, ".result img")]
        return [each for each in images if each != before]

    return until(found)[0]


def test_a_caption_is_typed_and_another_one_gives_another_picture(browser):
    box = until(lambda: seen(browser, ".condition textarea, .condition input"))[0]
    assert box.get_attribute("value") == TEXTS[0]
    press(browser, "button.primary", "Draw")
    first = result(browser)
    box.clear()
    box.send_keys("a blue one")
    press(browser, "button.primary", "Draw")
    second = result(browser, first)
    read = "return fetch(arguments[0]).then((r) => r.arrayBuffer()).then((b) => new Uint8Array(b))"
    one, other = (
        bytes(browser.execute_script(f"{read}.then(Array.from)", x)) for x in (first, second)
    )
    assert one[:4] == other[:4] == b"\x89PNG" and one != other


def test_a_region_is_painted_and_redrawn(browser):
    from selenium.webdriver import ActionChains

    press(browser, "button[role=tab]", "VAE")
    press(browser, "button[role=tab]", "Redraw")
    canvas = until(lambda: seen(browser, ".painter canvas"))[0]
    press(browser, "button.primary", "Redraw")
    message = until(lambda: [each.text for each in seen(browser, "[data-testid=toast-text]")])[0]
    assert "expected at least one painted pixel. Received: none" in message
    seen(browser, "[data-testid=toast-close]")[0].click()
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", canvas)
    # From the first column to the last, in the row below the middle.
    step = canvas.size["width"] // 8
    drag = ActionChains(browser).move_to_element_with_offset(canvas, -3 * step - 5, 5)
    drag.click_and_hold().move_by_offset(6 * step + 10, 0).release().perform()
    count = (
        "return arguments[0].getContext('2d').getImageData(0, 0, 8, 8).data.filter(x => x == 255)"
    )
    assert browser.execute_script(f"{count}.length", canvas) == 8
    press(browser, "button.primary", "Redraw")
    assert result(browser)


def test_nothing_is_loaded_from_another_host_and_no_markup_is_read(browser, page):
    assert "a <b>VAE</b>" in browser.find_element("css selector", "body").text
    messages = [json.loads(each["message"])["message"] for each in browser.get_log("performance")]
    asked = [m["params"]["request"]["url"] for m in messages if m["method"].endswith("BeSent")]
    assert any(url.startswith(page) for url in asked)
    assert all(url.startswith((page, "data:", "blob:")) for url in asked)
    assert browser.get_log("browser") == []


def test_too_large_an_upload_is_refused_by_the_server(page):
    files = {"files": ("x.png", b"\0" * (MAX_UPLOAD + 2**16))}
    answer = httpx.post(f"{page}gradio_api/upload", files=files, timeout=60)
    assert answer.status_code == 413
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    small = httpx.post(f"{page}gradio_api/upload", files={"files": ("x.png", b"\0")}, timeout=60)
    assert small.status_code == 200
