"""The server of the page, which loads nothing from another host and tells nobody anything."""

from collections.abc import Sequence

import gradio as gr
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tfgen.demo.components import page_css
from tfgen.demo.inputs import MAX_UPLOAD
from tfgen.demo.page import build_page
from tfgen.demo.playground import Playground

# Whatever Gradio's files ask for, the browser refuses what is not of this server.
_POLICY = (
    "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; object-src 'none';"
    " frame-ancestors 'self'; form-action 'self'"
)
_HEADER = (b"content-security-policy", _POLICY.encode())


class OwnHostOnly:
    """Tells the browser, with every answer, to load nothing from another host.

    Args:
        app: that answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], _HEADER]
            await send(message)

        await self.app(scope, receive, send_with_policy)


def serve(
    playgrounds: Sequence[Playground],
    host: str = "127.0.0.1",
    port: int = 7860,
    *,
    wait: bool = True,
) -> gr.Blocks:
    """Serves the page of some runs.

    Args:
        playgrounds: at least one.
        host: address that it listens on; the default is reached from this machine alone.
        port: from 1.
        wait: until Ctrl-C; if not, `page.close()` ends it.
    Raises:
        OSError: the port is taken, or there is no such address.
    """
    page = build_page(playgrounds)
    page.launch(
        server_name=host,
        server_port=port,
        share=False,
        quiet=True,
        prevent_thread_lock=not wait,
        max_file_size=MAX_UPLOAD,
        app_kwargs={"middleware": [Middleware(OwnHostOnly)], "docs_url": None, "redoc_url": None},
        css=page_css(),
        footer_links=[],
        run_history=False,
        enable_monitoring=False,
        ssr_mode=False,
        mcp_server=False,
        pwa=False,
    )
    return page
