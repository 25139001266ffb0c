"""Whatever a scenario says, forms say the same, and what is edited changes nothing else: no comment, no order, no letter."""

import json
import tomllib
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from scatter.simulation.step_kinds import STEP_KINDS
from scatter.web.documents import editing, toplevel
from scatter.web.documents.blocks import lines_of, parse, with_headers
from scatter.web.documents.fields import FORMS, Field, fields_of, texts_of, to_text, values_of

names = st.from_regex(r"\A[a-z][a-z0-9_-]{0,10}\Z")
# U+2028 and U+0085 end lines for Python, and not for TOML.
letters = st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")) | st.sampled_from("\u2028\u0085#[]\"'\\=$")
sentences = st.text(letters, min_size=1, max_size=20).map(str.strip).filter(lambda text: text and text[0] != "$")
amounts = st.integers(0, 10**9).map(lambda whole: f"{whole} SCT")
wholes = st.integers(-(10**9), 10**9)
numbers = wholes | st.floats(-1e6, 1e6, allow_nan=False).map(lambda value: float(f"{value:.6f}"))
draws = st.fixed_dictionaries({"between": st.lists(amounts, min_size=2, max_size=2)}, optional={"step": amounts})


def values_for(field: Field) -> st.SearchStrategy[Any]:
    """What a field can hold."""
    kinds = {
        "text": sentences,
        "whole": wholes,
        "number": numbers,
        "numbers": numbers | st.lists(numbers, min_size=2, max_size=4),
        "amount": amounts,
        "draw": amounts | draws,
        "duration": st.integers(1, 99).map(lambda hours: f"{hours}h"),
        "choice": st.sampled_from(field.choices or ("none",)),
        "job": names.map(lambda name: f"${name}"),
        "flag": st.booleans(),
        "names": st.lists(names, min_size=1, max_size=3),
        "tables": st.dictionaries(
            names, st.dictionaries(names, numbers, min_size=1, max_size=2), min_size=1, max_size=2
        ),
    }
    return kinds[field.kind]


@st.composite
def tables(draw: st.DrawFn, form: str) -> dict[str, Any]:
    """A table that some fields of a form are said of."""
    made: dict[str, Any] = {"do": form} if form in STEP_KINDS else {}
    for field in fields_of(form):
        if field.required or draw(st.booleans()):
            name, dot, inner = field.name.partition(".")
            value = draw(values_for(field))
            if dot:
                made.setdefault(name, {})[inner] = value
            else:
                made[name] = value
    return made


@st.composite
def scenarios(draw: st.DrawFn) -> dict[str, Any]:
    """What a file can say: any tables, any lists."""
    made = {name: draw(tables(name)) for name in ("scenario", "chain", "workload") if draw(st.booleans())}
    if draw(st.booleans()):
        made["variables"] = draw(st.dictionaries(names, numbers | st.booleans() | sentences, max_size=3))
    for name, forms in (("nodes", ["node"]), ("steps", list(STEP_KINDS)), ("expect", ["expect"])):
        one = st.sampled_from(forms).flatmap(tables)
        made[name] = draw(st.lists(one, max_size=3))
    return {name: table for name, table in made.items() if table}


remarks = st.text(letters, max_size=12).map(lambda text: f"# {text}")


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A text with comments and gaps anywhere, and what it says."""
    content, lines = draw(scenarios()), [*draw(st.lists(remarks, max_size=1))]
    for name in draw(st.permutations(list(content))):
        value = content[name]
        for table in value if isinstance(value, list) else [value]:
            lines += ["", *draw(st.lists(remarks, max_size=2))]
            lines.append(f"[[{name}]]" if isinstance(value, list) else f"[{name}]")
            for key, one in table.items():
                lines += draw(st.lists(remarks, max_size=1))
                lines.append(f"{key} = {written(one)}{draw(st.sampled_from(['', '  # why']))}")
    end = draw(st.sampled_from(["\n", "\r\n"]))
    return end.join(lines) + draw(st.sampled_from(["", end])), content


def written(value: Any) -> str:
    """A value as TOML, by hand: what is tested does not help to make its own tests."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {written(one)}" for key, one in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(written, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def test_text_that_is_written_is_toml() -> None:
    assert tomllib.loads(f"a = {written({'b': [1, 0.5, True], 'c': 'x'})}") == {"a": {"b": [1, 0.5, True], "c": "x"}}


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(FORMS)).flatmap(lambda form: st.tuples(st.just(form), tables(form))))
def test_forms_say_what_tables_say(one: tuple[str, dict[str, Any]]) -> None:
    form, table = one
    said = values_of(fields_of(form), texts_of(fields_of(form), table))
    # The kind of a step is what its form is for; what an intervention does is one of its fields.
    told = {name: value for name, value in table.items() if name != "do" or form not in STEP_KINDS}
    assert {name: value for name, value in said.items() if value is not None} == told


@settings(max_examples=60, deadline=None)
@given(documents(), st.data())
def test_an_edit_does_what_it_says_and_keeps_every_other_line(
    one: tuple[str, dict[str, Any]], data: st.DataObject
) -> None:
    text, content = one
    assert parse(text) == content
    assert with_headers(text) == text
    kinds = [name for name in ("nodes", "steps", "expect") if content.get(name)]
    if not kinds:
        return
    name = data.draw(st.sampled_from(kinds))
    listed = [dict(table) for table in content[name]]
    index, to = data.draw(st.integers(0, len(listed) - 1)), data.draw(st.integers(0, len(listed) - 1))
    match data.draw(st.sampled_from(["move", "remove", "change", "insert"])):
        case "move":
            made = editing.move(text, (name, index), to)
            listed.insert(to, listed.pop(index))
            assert sorted(_bare(made)) == sorted(_bare(text))
        case "remove":
            made = editing.remove(text, (name, index))
            del listed[index]
            assert set(_bare(made)) <= set(_bare(text))
        case "change":
            made = editing.change(text, (name, index), {"id": "changed"})
            listed[index]["id"] = "changed"
            assert len(set(_bare(text)) - set(_bare(made))) <= 1
        case _:
            made = editing.insert(text, (name,), {"id": "added"}, to)
            listed.insert(to, {"id": "added"})
            assert set(_bare(text)) <= set(_bare(made))
    expected = {**content, name: listed}
    assert parse(made) == {key: value for key, value in expected.items() if value != []}


def _bare(text: str) -> list[str]:
    return [line.rstrip("\r\n") for line in lines_of(text) if line.strip()]


@settings(max_examples=60, deadline=None)
@given(documents(), st.data())
def test_tables_of_the_top_change_by_themselves(one: tuple[str, dict[str, Any]], data: st.DataObject) -> None:
    text, content = one
    name = data.draw(st.sampled_from(["scenario", "variables", "short", "chain", "workload"]))
    there = content.get(name, {})
    gone = data.draw(st.sets(st.sampled_from(sorted(there)))) if there else set()
    changes = {**dict.fromkeys(gone), **data.draw(st.dictionaries(names, wholes, max_size=2))}
    made = toplevel.change_table(text, name, changes)
    wanted = {key: value for key, value in {**there, **changes}.items() if value is not None}
    left = {key: value for key, value in content.items() if key != name}
    assert parse(made) == (left | {name: wanted} if wanted else left)
    kept = {line for line in _bare(text) if line.lstrip().startswith("#")}
    assert kept <= set(_bare(made)) or not wanted


def test_what_a_field_shows_of_variables_is_what_they_are() -> None:
    assert to_text("$jobs") == "$jobs"
    assert values_of(fields_of("repeat"), {"times": "$jobs"}) == {"times": "$jobs"}
