"""Take tables away as CSV that spreadsheets can open without harm, and read them back unchanged.

How the text is laid out, so that `read_csv` can undo it:

- UTF-8, commas (or another separator), one header line, lines end with a line feed. Text is always quoted,
  so ``""`` is empty text, and nothing between two separators is a missing value.
- Instants are ISO 8601 in UTC with ``Z``, durations are seconds, both with as many decimals as needed;
  lists are JSON.
- With `escape_formulas`, text that begins with ``=``, ``+``, ``-``, ``@`` (or their full-width forms), a
  tab, a line break or an apostrophe gets an apostrophe in front. So does what follows a line break or one of
  the other separators within text, as a cell of its own would begin there for a program that is told another
  separator than the file's (``x;=A1`` becomes ``x;'=A1``). The names of text columns are then
  quoted in the header, which other programs do not notice: it tells `read_csv` where apostrophes go off
  again. A file without such quotes (`escape_formulas=False`, or saved by another program) is taken as is.
"""

from __future__ import annotations

import io
import os
import re
from collections import Counter
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, get_args

import numpy as np
import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from milestone_kit.errors import QueryError, SchemaError
from milestone_kit.export.csv_layout import Layout, Separator
from milestone_kit.export.targets import write_whole
from milestone_kit.table.arrays import one_chunk
from milestone_kit.table.cell_text import cell_values
from milestone_kit.table.schema import ARROW_SCHEMA, COLUMNS, DTYPES, TIMELINE_DTYPES, from_arrow

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Separator", "check_table", "csv_parts", "csv_text", "read_csv", "to_csv", "write_whole"]

_CHUNK: Final = 20_000
"""Rows turned into text at a time, which bounds the memory that an export takes."""

_EMPTY: Final = {"source_ids": "{}", "details": "{}"}
_NULLABLE: Final = {pa.int64(): "Int64", pa.float64(): "Float64", pa.bool_(): "boolean"}
_REQUIRED: Final = ("id", "start_date")


def to_csv(
    df: pd.DataFrame,
    path: str | os.PathLike[str],
    *,
    escape_formulas: bool = True,
    separator: Separator = ",",
) -> Path:
    """Write a table to a CSV file, whole or not at all.

    The text goes to a temporary file in the same folder, which then takes the target's place; a
    target that exists stays as it was when anything fails.

    Parameters
    ----------
    df : pandas.DataFrame
        Milestones, with or without columns of `compute_timeline` and `expand_details`; or any
        other table, such as that of `ticker_table`. The index is not written.
    path : str or path-like
        The file. Its folder must exist.
    escape_formulas : bool
        Put an apostrophe before text that a spreadsheet would take for a formula, by whichever of the
        separators it reads the file.
    separator : comma, semicolon, tab or bar
        What stands between two cells; spreadsheets of countries with decimal commas expect ``;``.

    Returns
    -------
    pathlib.Path
        Where the file is.

    Raises
    ------
    QueryError
        When the folder does not exist, the path is a folder, or the separator is another.
    OSError
        When the disk refuses.

    Examples
    --------
    >>> from milestone_kit.table.schema import empty_milestones
    >>> to_csv(empty_milestones(), "nowhere/m.csv")
    Traceback (most recent call last):
    milestone_kit.errors.QueryError: path='nowhere/m.csv': there is no folder 'nowhere'; create it first
    """
    check_table(df)
    layout = Layout.of(separator, escape=escape_formulas)
    return write_whole(path, lambda sink: _write(df, sink, layout))


def csv_text(df: pd.DataFrame, *, escape_formulas: bool = True, separator: Separator = ",") -> str:
    r"""Return the text that `to_csv` would write, for a download.

    Parameters
    ----------
    df, escape_formulas, separator
        As for `to_csv`.

    Returns
    -------
    str
        With line feeds as line ends.

    Examples
    --------
    >>> csv_text(pd.DataFrame({"title": ["=1+1", "", None], "n": [1, 2, 3]}))
    '"title",n\n"\'=1+1",1\n"",2\n,3\n'
    """
    check_table(df)
    return b"".join(_parts(df, Layout.of(separator, escape=escape_formulas), _CHUNK)).decode()


def csv_parts(
    df: pd.DataFrame, *, escape_formulas: bool = True, separator: Separator = ",", rows: int = _CHUNK
) -> Iterator[bytes]:
    r"""Return the file that `to_csv` would write piece by piece, each made when it is asked for.

    Parameters
    ----------
    df, escape_formulas, separator
        As for `to_csv`.
    rows : int
        The most rows of a piece.

    Returns
    -------
    iterator of bytes
        The pieces joined are the file. An error in a cell is raised where its piece is made.

    Examples
    --------
    >>> list(csv_parts(pd.DataFrame({"n": [1, 2, 3]}), rows=2))
    [b'n\n1\n2\n', b'3\n']
    """
    check_table(df)
    return _parts(df, Layout.of(separator, escape=escape_formulas), rows)


def read_csv(
    path: str | os.PathLike[str], *, escaped: bool | None = None, separator: Separator | None = None
) -> pd.DataFrame:
    """Read a milestones table that `to_csv` wrote.

    Parameters
    ----------
    path : str or path-like
        The file.
    escaped : bool, optional
        Whether apostrophes in front of text are to be taken off once. Left out: as the header tells
        (see the module's notes); say True for a file that a spreadsheet has saved since.
    separator : comma, semicolon, tab or bar, optional
        What stands between two cells; as the header tells if left out.

    Returns
    -------
    pandas.DataFrame
        The milestones columns with their dtypes, in the file's order, and a RangeIndex. Columns of
        `compute_timeline` get their dtypes back; text columns of your own too. Any other column
        becomes int64, float64, bool, datetime64[us, UTC] (or, where values are missing, Int64,
        boolean ...) if every value reads as such, else str.

    Raises
    ------
    QueryError
        When there is no such file.
    SchemaError
        When the file is no CSV, lacks a milestones column, or a value does not fit; names the column.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from milestone_kit.sandbox import sample_milestones
    >>> milestones = sample_milestones(100)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = to_csv(milestones, pathlib.Path(folder) / "milestones.csv")
    ...     read_csv(path).equals(milestones)
    True
    """
    source = Path(path)
    if not source.is_file():
        why = "this is no file; save one first" if source.exists() else "there is no such file"
        raise QueryError(f"path={os.fspath(path)!r}: {why}")
    layouts = [
        Layout.of(one, escape=True) for one in (get_args(Separator) if separator is None else [separator])
    ]
    # by another separator than its own, a header is one long name
    quoted, layout = max(((_header(source, one), one) for one in layouts), key=lambda found: len(found[0]))
    lost = [name for name in COLUMNS if name not in quoted]
    if lost:
        raise SchemaError(
            f"{source.name} has no column {lost[0]!r}: it is no milestones table; "
            "read other tables with pandas.read_csv",
            field=lost[0],
        )
    unescape = quoted["id"] if escaped is None else escaped
    cells = _parse(source, list(quoted), layout)
    columns: dict[str, pd.Series[Any]] = {}
    for header, is_text in quoted.items():
        name = layout.plain_name(header) if unescape else header
        values = cells[header].combine_chunks()
        values = layout.plain(values) if unescape else values
        columns[name] = _column(name, values, is_text=is_text and quoted["id"])
    return pd.DataFrame(columns)


def check_table(df: object) -> None:
    """Raise unless `df` is a DataFrame whose columns can be told apart by name."""
    if not isinstance(df, pd.DataFrame):
        raise TypeError(f"expected a DataFrame, got {type(df).__name__}")
    repeated = [name for name, count in Counter(map(str, df.columns)).items() if count > 1]
    if repeated:
        raise QueryError(f"column {repeated[0]!r} occurs more than once; rename one of them")


def _write(df: pd.DataFrame, sink: IO[bytes], layout: Layout) -> None:
    for part in _parts(df, layout, _CHUNK):
        sink.write(part)


def _parts(df: pd.DataFrame, layout: Layout, rows: int) -> Iterator[bytes]:
    options = csv.WriteOptions(include_header=False, quoting_style="needed", delimiter=layout.separator)
    is_text = [
        layout.escape and isinstance(dtype, (pd.StringDtype, pd.CategoricalDtype)) for dtype in df.dtypes
    ]
    names = [str(name) for name in df.columns]
    if layout.escape:
        names = [layout.harmless_name(name) for name in names]
    header = layout.separator.join(
        _header_cell(name, layout, quote=quote) for name, quote in zip(names, is_text, strict=True)
    )
    before = f"{header}\n".encode()
    for first in range(0, max(len(df), 1), rows):
        part = df.iloc[first : first + rows]
        arrays = [_cells(part.iloc[:, position], layout) for position in range(len(names))]
        sink = io.BytesIO(before)
        sink.seek(0, io.SEEK_END)
        csv.write_csv(pa.Table.from_arrays(arrays, names), sink, options)
        yield sink.getvalue()
        before = b""


def _header_cell(name: str, layout: Layout, *, quote: bool) -> str:
    if quote or not name or re.search(rf'["{layout.separator}\r\n]', name):
        return '"' + name.replace('"', '""') + '"'
    return name


def _cells(column: pd.Series[Any], layout: Layout) -> pa.Array:
    """Return a column as numbers, booleans or text that the CSV writer takes."""
    try:
        values = pa.array(column, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        values = pa.array([None if value is None else str(value) for value in column], pa.large_string())
    except UnicodeEncodeError as error:
        raise QueryError(f"column {column.name!r} holds half a character: {error}") from error
    values = one_chunk(values)
    text = cell_values(values)
    # what was neither text nor made of it cannot be taken for a formula
    if not layout.escape or not pa.types.is_large_string(text.type) or pa.types.is_temporal(values.type):
        return text
    return layout.harmless(text)


def _header(source: Path, layout: Layout) -> dict[str, bool]:
    """Return the column names of a file, and whether each is quoted."""
    between = re.escape(layout.separator)
    cells = re.compile(rf'("(?:[^"]|"")*"|[^{between}\r\n]*)({between}|\r?\n|\r|\Z)')
    with source.open("rb") as stream:
        start = stream.read(1 << 20).decode("utf-8-sig", errors="replace")
    quoted: dict[str, bool] = {}
    for match in cells.finditer(start):
        cell, end = match.groups()
        is_quoted = cell.startswith('"')
        quoted[cell[1:-1].replace('""', '"') if is_quoted else cell] = is_quoted
        if end != layout.separator:
            break
    return quoted


def _parse(source: Path, names: list[str], layout: Layout) -> pa.Table:
    """Read every cell as text; missing where nothing stands between two separators."""
    try:
        return csv.read_csv(
            source,
            # a row must fit into one block, and a title may be of any length
            read_options=csv.ReadOptions(block_size=min(max(source.stat().st_size, 1 << 20), 1 << 30)),
            parse_options=csv.ParseOptions(delimiter=layout.separator, newlines_in_values=True),
            convert_options=csv.ConvertOptions(
                include_columns=names,
                column_types=dict.fromkeys(names, pa.large_string()),
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        )
    except (pa.ArrowInvalid, KeyError) as error:
        raise SchemaError(f"{source.name} cannot be read as CSV: {error}") from error


def _column(name: str, cells: pa.Array, *, is_text: bool) -> pd.Series[Any]:
    if name in DTYPES:
        return _milestone_column(name, cells)
    if name in TIMELINE_DTYPES:
        # a column of that name that holds something else is somebody's own
        with suppress(pa.ArrowInvalid, ValueError):
            return _timeline_column(name, cells)
    return _plain(cells) if is_text else _guessed(cells)


def _milestone_column(name: str, cells: pa.Array) -> pd.Series[Any]:
    field = ARROW_SCHEMA.field(name)
    if name in _REQUIRED and cells.null_count:
        row = pc.index(pc.is_null(cells), value=True).as_py()
        raise SchemaError(f"row {row + 1} has no {name}", field=name)
    try:
        if pa.types.is_list(field.type):
            # other programs do not tell empty text from a missing value
            values = pa.array([_strings(cell or "[]") for cell in cells.to_pylist()], field.type)
        else:
            values = cells.cast(field.type)
    except ValueError as error:
        raise SchemaError(f"column {name!r}: {error}", field=name) from error
    if pa.types.is_large_string(field.type) and not field.nullable:
        values = values.fill_null(_EMPTY.get(name, ""))
    return from_arrow(pa.table({name: values}))[name]


def _strings(text: str) -> list[str]:
    values: Any = orjson.loads(text)
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise ValueError(f"expected a JSON list of texts, found {text[:80]!r}")
    return values


def _timeline_column(name: str, cells: pa.Array) -> pd.Series[Any]:
    """Give a column of `compute_timeline` its dtype back, or raise ValueError where it is none."""
    dtype = TIMELINE_DTYPES[name]
    if isinstance(dtype, pd.CategoricalDtype):
        if not set(cells.unique().to_pylist()) <= {*dtype.categories, None}:
            raise ValueError(f"{name} holds other values")
        return pd.Series(_plain(cells)).astype(dtype)
    if isinstance(dtype, pd.DatetimeTZDtype):
        return _instants_read(cells)
    if dtype == TIMELINE_DTYPES["duration"]:
        micros = pc.multiply(cells.cast(pa.decimal128(25, 6)), pa.scalar(Decimal(1_000_000)))
        return pd.Series(np.asarray(micros.cast(pa.int64()).cast(pa.duration("us"))))
    if cells.null_count:
        raise ValueError(f"{name} has missing values")
    return pd.Series(np.asarray(cells.cast(pa.from_numpy_dtype(dtype))))


def _plain(cells: pa.Array) -> pd.Series[str]:
    return pd.Series(pd.array(cells, dtype=DTYPES["title"]))


def _instants_read(cells: pa.Array) -> pd.Series[pd.Timestamp]:
    field = ARROW_SCHEMA.field("end_date")
    instants: pd.Series[Any] = from_arrow(pa.table({field.name: cells.cast(field.type)}))[field.name]
    return instants


def _guessed(cells: pa.Array) -> pd.Series[Any]:
    """Read cells as the first kind that every one of them is written like; text if none."""
    if cells.null_count == len(cells):
        return _plain(cells)
    for pattern, kind in (
        (r"0|-?[1-9]\d{0,17}", pa.int64()),
        (r"-?(0|[1-9]\d{0,14})(\.\d+)?([eE][+-]?\d+)?|-?inf", pa.float64()),
        ("true|false", pa.bool_()),
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", pa.timestamp("us", "UTC")),
    ):
        if pc.all(pc.match_substring_regex(cells, rf"\A({pattern})\z")).as_py():
            if pa.types.is_timestamp(kind):
                return _instants_read(cells)
            values = cells.cast(kind)
            if not values.null_count:
                return pd.Series(np.asarray(values))
            return pd.Series(values.to_pylist(), dtype=_NULLABLE[kind])
    return _plain(cells)
