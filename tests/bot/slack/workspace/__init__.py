"""Slack, played on this machine: a workspace for a bot to live in, written after Slack's documents.

async with Workspace() as workspace, over_http(workspace, app):
    said = await workspace.mention(GENERAL, ANNA, "How long is the training?")
    await workspace.until(lambda: workspace.replies(said))
"""

from tests.bot.slack.workspace.bots import bolt_app, over_http, over_socket, served_in_loop
from tests.bot.slack.workspace.records import (
    ANNA,
    GENERAL,
    Call,
    Delivery,
    Ephemeral,
    Message,
    Payload,
    Prompts,
    Response,
    Said,
    Status,
    Title,
    View,
)
from tests.bot.slack.workspace.server import RESPONSE_URL, Workspace

__all__ = [
    "ANNA",
    "GENERAL",
    "RESPONSE_URL",
    "Call",
    "Delivery",
    "Ephemeral",
    "Message",
    "Payload",
    "Prompts",
    "Response",
    "Said",
    "Status",
    "Title",
    "View",
    "Workspace",
    "bolt_app",
    "over_http",
    "over_socket",
    "served_in_loop",
]
