"""Dragoman in Slack: asked in a channel, a direct message, the assistant's panel or with `/ask`.

`asked.py` reads a payload as a question, `inbox.py` writes it down, `answering.py` has it answered and posts the
answer once, `blocks.py` is how it looks, `listeners.py` ties them to Bolt, `running.py` puts it all together. Only the
last three know Slack's clients; docs/slack.md says what another chat would need.
"""
