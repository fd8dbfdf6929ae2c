"""The page: a tab for each run, and in it one for each control."""

import functools
import html
import traceback
from collections.abc import Callable, Sequence
from typing import Any

import gradio as gr
import numpy as np
import tensorflow as tf

from tfgen.demo.components import component, painted_on, picture_box, pixels
from tfgen.demo.control import Control
from tfgen.demo.inputs import ImageFile, Number, Region, Text
from tfgen.demo.playground import Playground
from tfgen.training.pictures import Picture

_MOST_WAITING = 32  # clicks, of all visitors
_FEW = 6  # inputs that fit below each other


def build_page(playgrounds: Sequence[Playground]) -> gr.Blocks:
    """The page of some runs.

    Args:
        playgrounds: at least one.
    """
    # What visitors have uploaded is deleted after an hour, and when the server ends.
    with gr.Blocks(title="tfgen demo", analytics_enabled=False, delete_cache=(600, 3600)) as page:
        with gr.Tabs():
            for playground in playgrounds:
                with gr.Tab(playground.name):
                    _lay_out_run(playground)
    # One model works at a time: they share the machine.
    page.queue(max_size=_MOST_WAITING, default_concurrency_limit=1)
    return page


def answered(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, whose faults are sentences on the page; a bug is shown in the terminal, too."""

    @functools.wraps(function)
    def wrapped(*answers):
        try:
            return function(*answers)
        except (ValueError, FloatingPointError) as error:
            message = str(error)
        except (MemoryError, tf.errors.ResourceExhaustedError):
            message = "expected what fits in memory. Received: more"
        except Exception:
            traceback.print_exc()
            message = "This is a fault of the program; the terminal of `tfgen demo` shows it."
        # The page takes a message for HTML.
        raise gr.Error(html.escape(message), print_exception=False)

    return wrapped


def _lay_out_run(playground):
    gr.Markdown(html.escape(playground.facts))
    if playground.notice:
        gr.Markdown(html.escape(playground.notice))
    with gr.Tabs():
        for control in playground.controls:
            with gr.Tab(control.title):
                _lay_out(control)


def _lay_out(control: Control) -> None:
    gr.Markdown(html.escape(control.help))
    with gr.Row():
        with gr.Column(elem_classes=["many"] if len(control.inputs) > _FEW else None):
            boxes = _lay_out_inputs(control)
            with gr.Row():
                press = gr.Button(control.button, variant="primary")
                seed = boxes.get("seed")
                again = gr.Button("With the next seed") if seed else None
        with gr.Column(elem_classes="results"):
            picture = picture_box("result")
            text = gr.Textbox(label="result", visible=False, lines=4, elem_classes=["result"])

    @answered
    def run(*answers):
        result = control(*answers)
        shown = None if result.picture is None else np.asarray(Picture(result.picture))
        return (
            gr.Image(shown, visible=shown is not None),
            gr.Textbox(result.text, visible=bool(result.text)),
        )

    inputs = list(boxes.values())
    options = {"fn": run, "inputs": inputs, "outputs": [picture, text], "concurrency_id": "models"}
    options["api_visibility"] = "private"
    press.click(**options)
    if again is not None:
        step = again.click(lambda seed: seed + 1, seed, seed, api_visibility="private")
        step.success(**options)
    for asked, box in zip(control.inputs, inputs, strict=True):
        if isinstance(asked, Text) and asked.num_lines == 1:
            box.submit(**options)
        if isinstance(asked, Number) and control.live and isinstance(box, gr.Slider):
            box.release(**options)


def _lay_out_inputs(control: Control) -> dict[str, Any]:
    """The components of a control's inputs, by name."""
    boxes: dict[str, Any] = {}
    offers = []
    for asked in control.inputs:
        boxes[asked.name] = component(asked)
        if isinstance(asked, ImageFile) and asked.examples is not None:
            offers.append((asked, gr.Button("Another held-out image", size="sm")))
        if isinstance(asked, Region):
            _paint_on(asked.image, boxes[asked.image.name], boxes[asked.name])
    # What is known of an image comes with it, where there is but one.
    beside = [each for each in control.inputs if each.known] if len(offers) == 1 else []
    for asked, button in offers:
        _offer_examples(asked, button, boxes, beside)
    return boxes


def _offer_examples(asked, button, boxes, beside):
    """The button puts the next held-out image in its box, and what is known of it beside."""
    place = gr.State(0)

    def turn(place):
        place = (place + 1) % len(asked.examples)
        return [place, pixels(asked.examples[place]), *(each.known[place] for each in beside)]

    outputs = [place, boxes[asked.name], *(boxes[each.name] for each in beside)]
    button.click(turn, place, outputs, api_visibility="private", show_progress="hidden")


def _paint_on(asked, box, painter):
    """What is painted on is the image of a box, whenever that changes."""

    @answered
    def show(path):
        return painted_on(None if path is None else asked.read(path))

    options = {"show_progress": "hidden", "api_visibility": "private"}
    box.change(show, box, painter, **options)
