"""Fault 48: whatever table comes back, its cells can be edited as those of any other table of pandas."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pytest

import milestone_kit as mk

TS = pd.Timestamp("2030-05-06T07:08:09Z")
HOUR = pd.Timedelta(hours=1)


def started(df):
    return df["start_date"].iloc[0]


EDITS = {
    "loc": "df.loc[df.index[3], 'start_date'] = TS",
    "loc with a mask": "df.loc[df['title'] != '', 'start_date'] = TS",
    "loc with a mask and several columns": "df.loc[df['start_date'] < TS, ['title', 'id']] = 'earlier'",
    "loc with a slice": "df.loc[df.index[1:3], 'start_date'] += HOUR",
    "loc with values": "df.loc[:, 'start_date'] = df['start_date'].to_numpy()[::-1]",
    "at": "df.at[df.index[0], 'start_date'] = TS",
    "at with text": "df.at[df.index[2], 'title'] = 'another'",
    "iloc": "df.iloc[1, df.columns.get_loc('start_date')] = TS",
    "iloc with a slice": "df.iloc[1:, df.columns.get_loc('start_date')] = TS",
    "iat": "df.iat[1, df.columns.get_loc('start_date')] = TS",
    "an optional date": "df.loc[df.index[1], df.columns[-1]] = df[df.columns[-1]].iloc[2]",
    "+=": "df['start_date'] += HOUR",
    "a column": "df['title'] = df['title'].str.upper()",
    "a column of one's own": "df['mine'] = df['start_date'] - started(df)",
    "lists": "df['tickers'] = [['A', 'B']] * len(df)",
    "replace": "df['start_date'] = df['start_date'].replace({started(df): TS})",
    "replace by column": "df = df.replace({'start_date': {started(df): TS}})",
    "replace in place": "df.replace({'start_date': {started(df): TS}}, inplace=True)",
    "fillna": "df = df.fillna({'start_date': TS, 'title': 'none'})",
    "fillna in place": "df.fillna({'start_date': TS, 'title': 'none'}, inplace=True)",
    "update": "df.update(pd.DataFrame({'start_date': [TS], 'title': ['x']}, index=df.index[:1]))",
    "clip": "df['start_date'] = df['start_date'].clip(upper=started(df))",
    "where": "df['start_date'] = df['start_date'].where(df['start_date'] > TS, TS)",
    "mask": "df['start_date'] = df['start_date'].mask(df['title'] != '', TS)",
    "mask of the whole": "df = df[['start_date', 'title']].mask(df['title'] != '')",
    "sort_values": "df.sort_values('start_date', ascending=False, inplace=True); df.iloc[0, 0] = 'first'",
    "drop": "df.drop(index=df.index[:2], columns='title', inplace=True)",
    "insert": "df.insert(0, 'mine', df['start_date']); df.iloc[0, 0] = TS",
    "assign": "df = df.assign(start_date=df['start_date'].dt.floor('D'))",
    "rename": "df.rename(columns={'start_date': 'begin'}, inplace=True); df.loc[df.index[0], 'begin'] = TS",
    "set_index": "df.set_index('title', inplace=True); df.iloc[0, df.columns.get_loc('start_date')] = TS",
    "pop": "popped = df.pop('start_date'); popped.iloc[0] = TS",
    "concat": "df = pd.concat([df, df], ignore_index=True); df.loc[3, 'start_date'] = TS",
    "a copy": "df = df.copy(); df.loc[df.index[3], 'start_date'] = TS",
    "a view": "df = df.iloc[1:5]; df.loc[df.index[3], 'start_date'] = TS",
    "a column taken out": "starts = df['start_date']; starts.iloc[0] = TS",
    "a row taken out": "row = df.iloc[0]; row['start_date'] = TS",
}
"""What people do to tables, as they write it."""

LISTS = {
    "cells": "df.loc[[2], name] = pd.Series([['A', 'B']], index=[2], dtype=df[name].dtype)",
    "a cell": "df.at[2, name] = pa.scalar(['A', 'B'])",
    "all of them": "df[name] = pd.Series([['A', 'B']] * len(df), dtype=df[name].dtype)",
}


@pytest.fixture(scope="module")
def kinds(tmp_path_factory):
    """Say how a table of each kind is made; one that was edited once is no longer what a user gets."""
    folder = tmp_path_factory.mktemp("kinds")
    sample = mk.sample_milestones(60)
    # without a gap, pandas may share the memory of any column with Arrow
    whole = sample.assign(end_date=sample["start_date"] + HOUR, last_updated_ts=sample["start_date"])
    csv = mk.to_csv(whole, folder / "m.csv")
    file = mk.to_parquet(mk.compute_timeline(whole), folder / "m.parquet")
    parts = mk.to_parquet(mk.compute_timeline(whole), folder / "m", partition_by="category")
    return {
        "read_csv": lambda: mk.read_csv(csv),
        "read_parquet": lambda: mk.read_parquet(file),
        "read_parquet of a folder": lambda: mk.read_parquet(parts),
        "compute_timeline": lambda: mk.compute_timeline(mk.read_csv(csv)),
        "filter_milestones": lambda: mk.filter_milestones(mk.read_csv(csv)),
        "explode_tickers": lambda: mk.explode_tickers(mk.read_csv(csv)),
        "ticker_table": lambda: mk.ticker_table(mk.read_csv(csv)).rename(columns={"milestone_id": "id"}),
        "expand_details": lambda: mk.expand_details(mk.read_csv(csv), ["league"]),
        "sample_milestones": lambda: mk.sample_milestones(30),
    }


def edited(df, code):
    names = {"df": df, "pd": pd, "pa": pa, "TS": TS, "HOUR": HOUR, "started": started}
    names["name"] = "related_event_tickers"
    exec(code, names)  # what is tried is what people type
    return names["df"]


# pandas means to take `inplace` away where it saves nothing; as long as it is there, it works
@pytest.mark.filterwarnings("ignore:The inplace keyword")
@pytest.mark.parametrize("edit", EDITS)
def test_fault_48_a_table_is_edited(kinds, edit):
    for make in kinds.values():
        assert edited(make(), EDITS[edit]) is not None


@pytest.mark.filterwarnings("ignore:The inplace keyword")
def test_fault_48_a_table_of_a_client_is_edited(client):
    client.get_milestones()
    for code in EDITS.values():
        edited(client.get_milestones(max_rows=30), code)
    for code in (EDITS["loc"], EDITS["+="], EDITS["iat"], EDITS["update"]):
        edited(client.get_milestones(offline=True), code)
        edited(client.refresh(), code)
        edited(next(client.iter_pages()), code)
        edited(client.history(), code)


@pytest.mark.parametrize("edit", LISTS)
def test_fault_48_a_list_is_edited(edit):
    df = edited(mk.sample_milestones(10), LISTS[edit])
    assert list(df["related_event_tickers"][2]) == ["A", "B"]
    assert len(mk.explode_tickers(df)) >= 10


def test_fault_48_what_is_edited_is_what_is_kept(client):
    """An edit reaches no other table: neither the next answer nor the cache."""
    df = client.get_milestones()
    before = df.copy()
    df.loc[:, "start_date"] = TS
    df.loc[:, "title"] = "another"
    pd.testing.assert_frame_equal(client.get_milestones(), before)
    pd.testing.assert_frame_equal(client.get_milestones(offline=True), before)
