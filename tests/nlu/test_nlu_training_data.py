"""Training files, as people write them and as they should not."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.core.errors import InvalidNluData
from components.core.nlu import Entity
from components.nlu.annotations import read_annotations
from components.nlu.labelled_csv import read_labelled
from components.nlu.patterns import find_pattern
from components.nlu.rasa_export import write_rasa_project
from components.nlu.rasa_files import read_rasa_file, read_rasa_project
from components.nlu.training_data import LabelledMessage, NluData

TWO_INTENTS = """
version: "3.1"
nlu:
  - intent: greet
    examples: |
      - hello
      - hi
  - intent: no
    examples: |
      - never
      - no way
"""
PROJECT = (
    TWO_INTENTS
    + """
  - intent: chitchat/ask_name
    examples:
      - text: |
          what is your name
      - text: who are you
  - intent: change_plan
    examples: |
      - switch me to [Pro](plan)
      - from [the small one]{"entity": "plan", "value": "Basic", "role": "old"} to [Pro][{"entity": "plan"}]
  - synonym: Pro
    examples: |
      - Professional
  - lookup: plan
    examples: |
      - Basic
      - Pro
  - regex: order
    examples: |
      - \\d{6}
"""
)


def refused(path: Path, text: str | bytes) -> str:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(InvalidNluData) as error:
        read_rasa_file(path)
    assert str(path) in error.value.message
    return error.value.message


def test_a_project_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "nlu.yml").write_text(PROJECT)
    (tmp_path / "domain.yml").write_text("responses:\n  utter_chitchat/ask_name:\n    - text: Ada\n    - text: Bob\n")
    (tmp_path / "config.yml").write_text("language: de\npipeline: []\n")
    (tmp_path / ".hidden.yml").write_text("][")
    data = read_rasa_project(tmp_path)
    assert data.intents == ("change_plan", "chitchat/ask_name", "greet", "no")
    assert data.responses == {"chitchat/ask_name": ("Ada", "Bob")}
    assert data.synonyms == {"professional": "Pro", "the small one": "Basic"}
    assert data.lookups == {"plan": ("Basic", "Pro")}
    assert data.patterns == {"order": (r"\d{6}",)}
    assert data.language == "de"
    assert data.problems == ()
    assert LabelledMessage("what is your name", "chitchat/ask_name") in data.messages
    changed = [message for message in data.messages if message.intent == "change_plan"]
    assert changed[0].entities == (Entity("plan", "Pro", "Pro", 13, 16),)
    assert [(entity.name, entity.value, entity.start) for entity in changed[1].entities] == [
        ("plan", "Basic", 5),
        ("plan", "Pro", 22),
    ]


def test_the_shipped_project_has_no_problems() -> None:
    data = read_rasa_project(Path(__file__).resolve().parents[2] / "apps" / "rasa")
    assert len(data.intents) >= 12
    assert data.problems == ()


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (b"nlu:\n- intent: \xff\xfe", "not UTF-8"),
        ("nlu: [", "line 1: not YAML"),
        ("- a list", "line 1: a Rasa file must be a mapping"),
        ("", "no intent"),
        (TWO_INTENTS.replace("- no way", ""), "intent 'no' has 1 example"),
        ("nlu:\n- intent: one\n  examples: |\n    - a\n    - b\n", "only the intent 'one'"),
        (TWO_INTENTS + "  - intent: empty\n    examples: |\n", "line 13: intent 'empty' has no examples"),
        (TWO_INTENTS + "  - intent: none\n", "line 12: intent 'none' has no examples"),
        (TWO_INTENTS + "  - itent: x\n", "one of intent, synonym, regex, lookup is needed"),
        (TWO_INTENTS.replace("- hi\n", "- hi [Ada(name)\n"), "line 7: an entity is not closed"),
        (TWO_INTENTS.replace("- hi\n", "- hi [Ada](name\n"), "line 7: an entity is not closed"),
        (TWO_INTENTS.replace("- hi\n", '- hi [Ada]{"entity": name}\n'), "line 7"),
        (TWO_INTENTS.replace("- hi\n", '- hi [Ada]{"value": "x"}\n'), "names no entity"),
        (TWO_INTENTS + "  - regex: x\n    examples: |\n      - (\n", "line 14: '(' is no regular expression"),
        (TWO_INTENTS + "  - regex: x\n    examples: |\n      - (a+)+$\n", "repeats a repetition"),
        (TWO_INTENTS + "  - regex: x\n    examples: |\n      - (\\w{1,5}|b)*$\n", "repeats a repetition"),
        ("nlu:\n- &one\n  intent: a\n  examples: |\n    - x\n    - y\n- *one\n", "YAML alias"),
        ("nlu: []\nnlu: []\n", "line 2: the key 'nlu' stands twice"),
        ("[" * 1_000, "not YAML"),
        ("nlu: !!python/object/apply:os.system [id]\n", "line 1: an item of `nlu` must be a mapping"),
    ],
)
def test_a_bad_file_is_refused_by_name_and_line(tmp_path: Path, written: str | bytes, said: str) -> None:
    assert said in refused(tmp_path / "nlu.yml", written)


def test_a_file_past_the_limit_is_not_even_read(tmp_path: Path) -> None:
    with (tmp_path / "nlu.yml").open("wb") as file:
        file.truncate(21 * 1024 * 1024)
    with pytest.raises(InvalidNluData, match="at most 20,971,520"):
        read_rasa_file(tmp_path / "nlu.yml")


def test_a_bomb_of_aliases_is_refused_before_it_goes_off(tmp_path: Path) -> None:
    levels = "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30))
    assert "YAML alias" in refused(tmp_path / "nlu.yml", f"a0: &a0 [x]\n{levels}\nnlu: *a29\n")


def test_a_link_out_of_the_project_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "nlu.yml").write_text(TWO_INTENTS)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "nlu.yml").symlink_to(tmp_path / "other" / "nlu.yml")
    with pytest.raises(InvalidNluData, match="a link that leaves"):
        read_rasa_project(tmp_path / "mine")


def test_what_looks_wrong_is_told_and_does_not_stop(tmp_path: Path) -> None:
    file = tmp_path / "nlu.yml"
    file.write_text(TWO_INTENTS.replace("- no way", "- no way\n      - Hello\n      nope\n      - "))
    data = read_rasa_file(file)
    assert len(data.messages) == 5
    assert any("'Hello' is an example of 'no'" in problem and "'greet'" in problem for problem in data.problems)
    assert any("line 13" in problem and "'nope'" in problem for problem in data.problems)


def test_a_pattern_that_takes_too_long_finds_nothing() -> None:
    assert find_pattern(r"\d{4}", "see 1234 and 99") == [(4, 8)]
    assert find_pattern(r"(?:a|aa)*$", "a" * 1_000 + "!") in ([], [(1001, 1001)])


word = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=8)
sentence = st.lists(word, min_size=1, max_size=6).map(" ".join)


@st.composite
def messages(draw: st.DrawFn) -> LabelledMessage:
    before, text, after = draw(sentence), draw(sentence), draw(sentence)
    entities: tuple[Entity, ...] = ()
    if draw(st.booleans()):
        value = draw(st.one_of(st.just(text), word))
        entities = (Entity(draw(word), value, text, len(before) + 1, len(before) + 1 + len(text)),)
    return LabelledMessage(f"{before} {text} {after}", draw(st.sampled_from(["a", "b/c"])), entities)


@settings(max_examples=30, deadline=None)
@given(written=st.lists(messages(), max_size=8))
def test_what_is_written_for_rasa_is_read_back_the_same(
    written: list[LabelledMessage], tmp_path_factory: pytest.TempPathFactory
) -> None:
    fixed = [LabelledMessage(f"{letter} {intent}", intent) for intent in ("a", "b/c") for letter in "xy"]
    data = NluData((*fixed, *written))
    folder = tmp_path_factory.mktemp("project")
    write_rasa_project(data, folder)
    read = read_rasa_project(folder)
    assert sorted(map(repr, read.messages)) == sorted(map(repr, data.messages))


@settings(max_examples=200, deadline=None)
@given(text=st.text('[](){}:",ab ', max_size=30))
def test_any_brackets_are_read_or_refused_but_offsets_never_lie(text: str) -> None:
    try:
        read = read_annotations(text)
    except ValueError:
        return
    for entity in read.entities:
        assert read.text[entity.start : entity.end] == entity.text


def test_the_fingerprint_is_of_the_content_alone(tmp_path: Path) -> None:
    (tmp_path / "nlu.yml").write_text(TWO_INTENTS)
    data = read_rasa_file(tmp_path / "nlu.yml")
    assert data.with_messages(tuple(reversed(data.messages))).fingerprint == data.fingerprint
    assert data.with_messages(data.messages[1:]).fingerprint != data.fingerprint
    assert data.counted_out("no").fingerprint != data.fingerprint
    assert data.counted_out("no").out_of_scope == ("never", "no way")


@pytest.mark.parametrize(
    "written",
    [
        "text,label\nhello,greet\nbye,leave\n",
        "sentence,label\nhello,greet\nbye,leave\n",
        "id,category,text\n1,greet,hello\n2,leave,bye\n",
        "hello,greet\nbye,leave\n",
        "hello;greet\nbye;leave\n",
        "hello\tgreet\nbye\tleave\n",
        "\ufefftext,intent\r\nhello,greet\r\n\r\nbye,leave\r\n",
        'Text,Intent\n"hello",greet\nbye,"leave"\n',
        "label,text\ngreet,hello\nleave,bye\n",
        "text,what it means\nhello,greet\nbye,leave\n",
        "topic,said\ngreet,hello\nleave,bye\n",
        "hello,greet,,\nbye,leave,,\n",
        "text,label\nhello,greet,\nbye,leave, ,\n",
    ],
)
def test_a_table_is_read_however_it_was_saved(tmp_path: Path, written: str) -> None:
    path = tmp_path / "set.csv"
    path.write_bytes(written.encode())
    messages = read_labelled(path).messages
    assert [(message.text, message.intent) for message in messages] == [("hello", "greet"), ("bye", "leave")]


@pytest.mark.parametrize(
    "rows",
    [
        ["hello,greet", "hi,greet", "bye,leave"],
        ['"no, thank you",deny', "not now,deny", "question,question", "how come,question"],
        ["what is this,question", "question,question", "text,deny"],
    ],
)
def test_without_a_header_the_label_is_what_repeats_itself_on_whichever_side(tmp_path: Path, rows: list[str]) -> None:
    pairs = list(csv.reader(rows))
    for name, order in (("text_first.csv", (0, 1)), ("label_first.csv", (1, 0))):
        with (tmp_path / name).open("w", newline="") as file:
            csv.writer(file).writerows([[pair[place] for place in order] for pair in pairs])
        messages = read_labelled(tmp_path / name).messages
        assert [[message.text, message.intent] for message in messages] == pairs


def test_quoted_commas_and_line_breaks_belong_to_the_text(tmp_path: Path) -> None:
    path = tmp_path / "set.csv"
    path.write_text('text,label\n"one, two\nthree; four",a\n"say ""hi""",b\n,b\n')
    data = read_labelled(path)
    assert [message.text for message in data.messages] == ["one, two\nthree; four", 'say "hi"']
    assert data.problems == (f"{path}, line 5: left out, the text is empty",)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (b"", "no rows"),
        (b"text,label\n", "at least one message"),
        (b"only one column\nsecond\n", "two columns"),
        (b"a,b,c\n1,2,3\n", "line 1"),
        (b"text,label\nhello,greet\nbye\n", "line 3"),
        (b"text,label\nhello,greet\nbye, now,leave\n", "line 3: 3 columns"),
        (b"\xff\xfeh\x00i", "not UTF-8"),
        (b"a\x00b,c\n", "U+0000"),
    ],
)
def test_a_bad_table_is_refused_by_name(tmp_path: Path, written: bytes, said: str) -> None:
    path = tmp_path / "set.csv"
    path.write_bytes(written)
    with pytest.raises(InvalidNluData) as error:
        read_labelled(path)
    assert said in error.value.message
    assert str(path) in error.value.message


def test_a_bracket_that_marks_nothing_is_text_as_in_rasa(tmp_path: Path) -> None:
    said = ("it broke :[", "it broke :[ (again)", "[urgent] refund me", "see ] and )", "order [1 of 2")
    examples = "".join(f"    - {text}\n" for text in said)
    (tmp_path / "nlu.yml").write_text(f"nlu:\n- intent: complain\n  examples: |\n{examples}")
    assert tuple(message.text for message in read_labelled(tmp_path / "nlu.yml").messages) == said


def test_a_rasa_file_is_a_labelled_set_too(tmp_path: Path) -> None:
    (tmp_path / "nlu.yml").write_text("nlu:\n- intent: greet\n  examples: |\n    - hello\n")
    assert read_labelled(tmp_path / "nlu.yml").messages == (LabelledMessage("hello", "greet"),)
