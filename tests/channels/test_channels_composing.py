"""A reply in a channel's own form: nothing of it is lost, and no part is longer than the channel takes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.channels.composing import MOST_SEGMENTS, FileLink, Reply, SourceLink, compose
from components.channels.sms_segments import count_segments, simplified
from components.channels.splitting import split_text
from components.core.channels import ChannelName
from tests.channels.channel_helpdesk import CHANNEL_NAMES

MARKDOWN = (
    "# Returns\n\nYou have **45 days** for _unused_ ~~tents~~ tents [1]. See [the page](https://a.example/r?a=1&b=2).\n\n"
    "- pack it\n- print `LABEL-7`\n  1. sign\n  2. send\n\n> Keep the receipt.\n\n```\nx < y\n```\n\n"
    "| size | price |\n|---|---|\n| S | 2 € |\n"
)
REPLY = Reply(
    MARKDOWN,
    sources=(SourceLink(1, "Returns: Time", "https://help.example/returns"), SourceLink(2, "Shipping")),
    options=("Yes", "No"),
    files=(FileLink("label.pdf", "https://help.example/f/1"),),
)
SLACK = """*Returns*

You have *45 days* for _unused_ ~tents~ tents [1]. See <https://a.example/r?a=1&amp;b=2|the page>.

• pack it
• print `LABEL-7`
  1. sign
  2. send

> Keep the receipt.

```
x &lt; y
```

size | price
S | 2 €

• Yes
• No

<https://help.example/f/1|label.pdf>

[1] <https://help.example/returns|Returns: Time>
[2] Shipping"""
PLAIN = """Returns

You have 45 days for unused tents tents [1]. See the page (https://a.example/r?a=1&b=2).

- pack it
- print LABEL-7
  1. sign
  2. send

> Keep the receipt.

x < y

size | price
S | 2 €

- Yes
- No

label.pdf (https://help.example/f/1)

[1] Returns: Time (https://help.example/returns)
[2] Shipping"""
FITS = {"slack": 3900, "whatsapp": 4096, "email": 100_000}


def test_slack_gets_its_own_marks_and_links() -> None:
    assert compose("slack", REPLY) == (SLACK,)


@pytest.mark.parametrize("channel", ["sms", "email"])
def test_what_knows_no_marks_gets_plain_text_with_sources_at_its_end(channel: ChannelName) -> None:
    assert compose(channel, REPLY) == (PLAIN,)


def test_what_a_person_writes_is_not_read_as_markdown() -> None:
    assert compose("slack", Reply("2 * 3 * 4 <b> & # no heading", markdown=False)) == (
        "2 * 3 * 4 &lt;b&gt; &amp; # no heading",
    )


def fits(channel: ChannelName, text: str) -> bool:
    if channel == "sms":
        return count_segments(text) <= MOST_SEGMENTS
    return len(text.encode("utf-16-le")) // 2 <= FITS[channel]


@pytest.mark.parametrize("channel", CHANNEL_NAMES)
@settings(max_examples=40, deadline=None)
@given(text=st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=30), times=st.integers(1, 400))
def test_parts_fit_and_hold_every_visible_sign_in_order(channel: ChannelName, text: str, times: int) -> None:
    whole = f"{text}. " * times
    parts = compose(channel, Reply(whole, markdown=False))
    assert all(part.strip() for part in parts)
    assert all(fits(channel, part) for part in parts)
    expected = simplified(whole) if channel == "sms" else whole
    escaped = expected.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    joined = "".join("".join(parts).split())
    # A person's text that is blank is three dots.
    assert joined == "".join((escaped if channel == "slack" else expected).split()) or not whole.strip()


@given(text=st.text(max_size=300))
@settings(max_examples=60, deadline=None)
def test_any_markdown_can_be_sent_anywhere(text: str) -> None:
    for channel in CHANNEL_NAMES:
        assert all(part.strip() for part in compose(channel, Reply(text)))


def test_a_text_is_cut_between_sentences() -> None:
    parts = split_text("One sentence here. Another one there! A third? Yes.", lambda text: len(text) <= 40)
    assert parts == ("One sentence here. Another one there!", "A third? Yes.")
    assert split_text("word " * 3 + "x" * 25, lambda text: len(text) <= 10) == (
        "word word",
        "word",
        "x" * 10,
        "x" * 10,
        "x" * 5,
    )


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("", 0),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        # An escape and its sign are not parted: 152 + (2) needs a third segment after 153 + 153.
        ("a" * 152 + "€" + "a" * 152, 3),
        ("ж" * 70, 1),
        ("ж" * 71, 2),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("😀" * 67, 3),
    ],
)
def test_segments_are_counted_as_they_are_billed(text: str, segments: int) -> None:
    assert count_segments(text) == segments


def test_typographic_signs_do_not_double_the_price() -> None:
    said = "It’s “free” – really…" + "a" * 120
    assert count_segments(said) == 3
    assert count_segments(simplified(said)) == 1
    assert simplified("“Ж”") == "“Ж”"
