"""The inputs of controls as Gradio's components."""

from importlib import resources

import gradio as gr
import numpy as np

from tfgen.demo.inputs import Choice, Choices, ImageFile, Input, Number, Region, Text
from tfgen.training.pictures import Picture, data_url, eight_bit

_MOST_OF_A_SLIDER = 1000  # places of a slider that can still be met
_MOST_BUTTONS = 12  # of a choice that is seen at once
_SIDE, _HEIGHT = 260, 200  # pixels on the page, of a painter and of a box of an image


def component(asked: Input) -> gr.components.Component:
    """The component by which an input is answered, with the answer that the page begins with."""
    words = {"label": asked.label, "info": asked.help or None, "elem_classes": asked.name}
    match asked:
        case Number():
            bounds = {"minimum": asked.least, "maximum": asked.most, "value": asked.start}
            if asked.most - asked.least > _MOST_OF_A_SLIDER * asked.step:
                return gr.Number(**words, **bounds, step=asked.step, precision=0)
            return gr.Slider(**words, **bounds, step=asked.step)
        case Choice():
            kind = gr.Radio if len(asked.choices) <= _MOST_BUTTONS else gr.Dropdown
            return kind(list(asked.choices), value=asked.initial(), **words)
        case Choices():
            return gr.CheckboxGroup(list(asked.choices), value=asked.initial(), **words)
        case Text():
            return gr.Textbox(asked.initial(), lines=asked.num_lines, **words)
        case ImageFile():
            return _image_box(asked, words)
        case Region():
            return _painter(asked)
    raise TypeError(f"no component for {type(asked).__name__}")


def pixels(x: np.ndarray) -> np.ndarray:
    """An image `[height, width, 1 or 3]` in [0, 1] as Gradio takes it: uint8, grey without axis."""
    return np.asarray(Picture(eight_bit(x)))


def picture_box(label: str) -> gr.Image:
    """Where a picture is shown, pixel by pixel."""
    return gr.Image(
        label=label,
        format="png",
        interactive=False,
        height=420,
        buttons=["download", "fullscreen"],
        elem_classes=["pixels", "result"],
    )


def painted_on(x: np.ndarray | None) -> gr.HTML:
    """What a painter becomes when another image is to be painted on; None for no image."""
    return gr.HTML(value=[], picture="" if x is None else _address(x))


def _image_box(asked, words):
    rows, columns, channels = asked.shape
    size = "any size" if rows is None else f"{rows}x{columns} pixels"
    kind = "grey" if channels == 1 else "colour"
    start = None if asked.examples is None else pixels(asked.examples[0])
    box = gr.Image(
        start,
        label=f"{asked.label}, {size}, read in {kind}",
        type="filepath",
        format="png",
        image_mode=None,
        sources=["upload", "clipboard"],
        height=_HEIGHT,
        buttons=[],
        elem_classes=["pixels", asked.name],
    )
    # The file itself, which is checked before anything decodes it.
    box.preprocess = lambda payload: None if payload is None else payload.path
    return box


def _painter(asked):
    rows, columns, _ = asked.image.shape
    held_out = asked.image.examples
    return gr.HTML(
        value=[],
        label=asked.label,
        show_label=True,
        container=True,
        html_template=_resource("painter.html"),
        css_template=_resource("painter.css"),
        js_on_load=_resource("painter.js"),
        elem_classes=["painter"],
        rows=rows,
        columns=columns,
        picture="" if held_out is None else _address(held_out[0]),
        side=_SIDE,
    )


def _resource(name):
    return resources.files("tfgen.demo").joinpath(name).read_text(encoding="utf-8")


def _address(x: np.ndarray) -> str:
    return data_url(Picture(eight_bit(x)).png())


def page_css() -> str:
    """The style of the page."""
    return _resource("page.css")
