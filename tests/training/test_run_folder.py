import json
import os

import pytest

from tfgen.training import RunFolder

ARGUMENTS = {"seed": 0, "set": {"hidden": (8, 4)}}


@pytest.fixture
def run(tmp_path):
    """A folder whose products are all as new as its checkpoint."""
    folder = RunFolder(tmp_path / "run")
    folder.path.mkdir()
    folder.begin(ARGUMENTS, resume=False)
    folder.saved_model.mkdir()
    for path in (folder.checkpoint, *folder.products):
        if path != folder.saved_model:
            path.write_text(path.name)
        os.utime(path, (100, 100))
    return folder


def names(folder):
    return sorted(path.name for path in folder.path.iterdir())


def test_what_is_missing_or_older_than_the_checkpoint_is_still_to_be_written(run):
    assert run.to_do() == []
    run.samples.unlink()
    os.utime(run.saved_model, (99, 99))
    assert run.to_do() == [run.saved_model, run.samples]
    os.utime(run.checkpoint, (101, 101))
    assert run.to_do() == list(run.products)
    run.checkpoint.unlink()
    assert run.to_do() == list(run.products)


def test_a_run_begins_in_a_new_folder_goes_on_or_takes_the_place_of_one(run, tmp_path):
    RunFolder(tmp_path / "new").check(ARGUMENTS, resume=False, overwrite=False)
    RunFolder(tmp_path / "new").check(ARGUMENTS, resume=True, overwrite=False)
    run.check(ARGUMENTS, resume=True, overwrite=False)
    run.check({"other": 1}, resume=False, overwrite=True)
    with pytest.raises(ValueError, match="resume or overwrite.*Received: .*which exists"):
        run.check(ARGUMENTS, resume=False, overwrite=False)
    with pytest.raises(ValueError, match="Received: both"):
        run.check(ARGUMENTS, resume=True, overwrite=True)


def test_arguments_are_compared_as_json_has_them(run):
    assert json.loads(run.arguments.read_text()) == {"seed": 0, "set": {"hidden": [8, 4]}}
    run.check({"set": {"hidden": [8, 4]}, "seed": 0}, resume=True, overwrite=False)
    with pytest.raises(ValueError, match="seed=0, x=None. Received: seed=1, x=2"):
        run.check({**ARGUMENTS, "seed": 1, "x": 2}, resume=True, overwrite=False)


def test_a_folder_of_something_else_is_not_touched(run):
    run.arguments.unlink()
    for options in ({"overwrite": False}, {"overwrite": True}):
        with pytest.raises(ValueError, match=f"Received: {run.path}"):
            run.check(ARGUMENTS, resume=not options["overwrite"], **options)


def test_going_on_clears_what_a_killed_process_left_and_nothing_else(run):
    before = names(run)
    (run.path / "metrics.partial.json").write_text("{")
    (run.path / "saved_model.partial-17").mkdir()
    (run.path / "saved_model.partial-17/saved_model.pb").write_text("")
    with run.lock():
        run.begin(ARGUMENTS, resume=True)
    assert names(run) == before


def test_a_new_run_takes_the_place_of_everything(run):
    with run.lock():
        run.begin({"seed": 2}, resume=False)
        assert names(run) == [".lock", "arguments.json"]
    assert json.loads(run.arguments.read_text()) == {"seed": 2}


def test_a_folder_that_is_half_cleared_is_still_that_of_a_run(run, monkeypatch):
    def killed(self):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("pathlib.Path.unlink", killed)
        with pytest.raises(KeyboardInterrupt):
            run.begin(ARGUMENTS, resume=False)
    run.check(ARGUMENTS, resume=False, overwrite=True)


def test_a_run_that_is_not_finished_has_no_model_and_no_metrics(run):
    for path, read in ((run.model, run.load_model), (run.metrics, run.read_metrics)):
        path.unlink()
        with pytest.raises(ValueError, match=f"finished run.*without {path.name}"):
            read()
