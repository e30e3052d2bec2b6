"""Dragoman in Slack: asked in a channel, a direct message, the assistant's panel or with `/ask`.

`asked.py` reads a payload as a question, `inbox.py` writes it down, `answering.py` has it answered, `growing.py` shows
the answer while it is written, `posting.py` is its one message and `blocks.py` how that looks, `listeners.py` ties them
to Bolt, `running.py` puts it all together. docs/slack.md says what another chat would need.
"""
