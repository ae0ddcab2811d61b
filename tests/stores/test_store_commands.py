"""`vedette store`: what it answers, where it says it, and with which exit code; addresses of stores."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from stores.contract import alert, match, one
from stores.writing import whole, write
from vedette.app.stores import RETENTION, kept_for, open_kept, open_store, settings_from
from vedette.cli import invoke
from vedette.errors import ExitCode, InputError
from vedette.stores import migrations
from vedette.stores.memory import MemoryStore
from vedette.stores.sqlite import SqliteStore


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the default store will be."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "vedette" / "vedette.db"


@pytest.fixture
def store(path: Path):
    store = SqliteStore(path)
    write(store, 0)
    yield store
    store.close()


# addresses


def test_addresses_of_stores(path):
    assert isinstance(open_store("memory:"), MemoryStore)
    for url in (f"sqlite:{path}", f"sqlite://{path}", f"SQLITE:///{path}"):
        store = open_store(url)
        assert store.status()["place"] == str(path) or Path(str(store.status()["place"])).samefile(path)
        store.close()


def test_the_home_directory_is_known(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    store = open_kept("sqlite:~/x.db")
    assert store.status()["place"] == str(tmp_path / "x.db")
    store.close()


@pytest.mark.parametrize("url", ["", "/var/lib/x.db", "mysql://u:canary@h/x", "sqlite:", "sqlite://", "sqlite:a\0b"])
def test_what_is_no_address(url):
    with pytest.raises(InputError) as caught:
        open_store(url)
    assert "sqlite:PATH" in str(caught.value.hint)
    assert "canary" not in caught.value.render()


def test_there_is_nothing_to_look_after_in_memory():
    with pytest.raises(InputError, match="ends with its process"):
        open_kept("memory:")


# status, migrate


def test_status_tells_rows_and_size(store, capsys):
    assert invoke(["store", "status"]) == ExitCode.DONE
    out, err = capsys.readouterr()
    assert out.splitlines()[0].split() == ["TABLE", "ROWS", "KEPT", "WHAT"]
    assert ["matches", "5", "45", "days"] in [line.split()[:4] for line in out.splitlines()]
    latest = migrations.latest("sqlite")
    assert f"schema version {latest} of {latest}" in err
    assert "kB" in err


def test_status_as_json(store, path, capsys):
    assert invoke(["store", "status", "-o", "json"]) == ExitCode.DONE
    found = json.loads(capsys.readouterr().out)
    assert (found["kind"], found["place"], found["rows"]["alerts"]) == ("sqlite", str(path), 1)


def test_status_makes_no_store(path, capsys):
    assert invoke(["store", "status"]) == ExitCode.FAILURE
    assert "no store" in capsys.readouterr().err
    assert not path.exists()


def test_status_of_an_older_store_says_how_to_migrate(store, capsys, monkeypatch):
    later = migrations.Migration(migrations.latest("sqlite") + 1, "later", ())
    monkeypatch.setattr(migrations, "migrations", lambda dialect, known=migrations.migrations: (*known(dialect), later))
    assert invoke(["store", "status"]) == ExitCode.FINDINGS
    assert "vedette store migrate" in capsys.readouterr().err
    assert invoke(["store", "migrate"]) == ExitCode.DONE
    out, err = capsys.readouterr()
    assert out == f"{later.version:04}-later\n"
    assert "1 migration applied" in err
    assert invoke(["store", "migrate"]) == ExitCode.DONE
    assert "nothing to migrate" in capsys.readouterr().err
    assert invoke(["store", "status"]) == ExitCode.DONE


def test_the_settings_name_the_store_and_how_long_rows_are_kept(tmp_path, path, capsys):
    file = tmp_path / "own.toml"
    file.write_text(f'[store]\nurl = "sqlite://{tmp_path}/other.db"\nrecord_retention = "7d"\n')
    assert invoke(["store", "migrate", "--settings", str(file)]) == ExitCode.DONE
    assert (tmp_path / "other.db").exists()
    assert not path.exists()
    capsys.readouterr()
    assert invoke(["store", "status", "--settings", str(file)]) == ExitCode.DONE
    lines = [line.split()[:4] for line in capsys.readouterr().out.splitlines()]
    assert ["minutes", "0", "7", "days"] in lines
    assert ["alerts", "0", "400", "days"] in lines
    assert ["notes", "0", "for", "good"] in lines


def test_another_store_than_that_of_the_settings(tmp_path, path):
    assert invoke(["store", "migrate", "--url", f"sqlite:{tmp_path}/third.db"]) == ExitCode.DONE
    assert (tmp_path / "third.db").exists()
    assert not path.exists()


def test_the_password_of_the_settings_is_asked_for_when_it_connects(tmp_path, path, monkeypatch, capsys):
    monkeypatch.setenv("STORE_PASSWORD", "hunter2-canary")
    file = tmp_path / "own.toml"
    address = "postgresql://monitor@127.0.0.1:1/x"
    file.write_text(f'[store]\nurl = "{address}"\npassword = "secret://env/STORE_PASSWORD"\n')
    assert invoke(["store", "status", "--settings", str(file)]) == ExitCode.FAILURE
    told = capsys.readouterr().err
    assert "cannot be reached" in told
    assert "canary" not in told


def test_rows_are_kept_by_default_as_the_reference_page_says(path):
    kept = kept_for(settings_from(None))
    assert {name: seconds // 86_400 for name, seconds in kept.items()} == RETENTION


# prune


def test_prune_counts_first_and_then_deletes(store, capsys):
    with store.transaction() as tx:
        tx.put_object(one("old", 60))
        tx.put_alert(alert("standing", changed=60))
    keep = ["--keep", "objects=100", "--keep", "matches=99999d"]
    assert invoke(["store", "prune", "--dry-run", "-o", "json", *keep]) == ExitCode.DONE
    counted = json.loads(capsys.readouterr().out)
    assert counted["objects"] >= 1
    assert invoke(["store", "prune", *keep]) == ExitCode.DONE
    out = capsys.readouterr().out
    assert ["objects", "100", "days", str(counted["objects"])] in [line.split() for line in out.splitlines()]
    assert ["matches", "99,999", "days", "0"] in [line.split() for line in out.splitlines()]
    with store.transaction() as tx:
        assert tx.object("folder", "old") is None
        assert tx.alert("standing") is not None


@pytest.mark.parametrize(
    ("keep", "said"),
    [("passwords=3", "passwords"), ("notes=3", "notes"), ("matches=soon", "number of days"), ("matches", "days")],
)
def test_prune_refuses_what_it_cannot_read(store, keep, said, capsys):
    assert invoke(["store", "prune", "--keep", keep]) == ExitCode.WRONG_INPUT
    assert said in capsys.readouterr().err
    assert whole(store) == 1


# export


def test_export_writes_lines_of_json(store, capsys):
    assert invoke(["store", "export", "--table", "alerts", "--table", "matches"]) == ExitCode.DONE
    out, err = capsys.readouterr()
    assert [json.loads(line)["table"] for line in out.splitlines()] == ["matches"] * 5 + ["alerts"]
    assert "6 rows written" in err


def test_export_into_a_file_for_its_owner_only(store, tmp_path, capsys):
    with store.transaction() as tx:
        tx.add_matches(match(f"many-{number}") for number in range(1_200))
    file = tmp_path / "export.ndjson"
    assert invoke(["store", "export", "--out", str(file)]) == ExitCode.DONE
    out, err = capsys.readouterr()
    assert out == ""
    assert f"{len(file.read_text().splitlines()):,} rows written" in err
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_export_to_where_nothing_can_be_written(store, tmp_path, capsys):
    assert invoke(["store", "export", "--out", str(tmp_path)]) == ExitCode.FAILURE
    assert f"cannot write `{tmp_path}`" in capsys.readouterr().err


# the reference page


def test_the_reference_page_is_written_from_the_schema():
    from vedette.stores.reference import store_page

    page = Path(__file__).parents[2] / "docs/reference/store.md"
    assert page.read_text(encoding="utf-8") == store_page(), "run `make docs`"
    assert "| `matches` | 45 days |" in store_page()
