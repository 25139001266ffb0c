import pytest

from scatter.jobs.definition import MAX_BYTES, Phase, parse_definition
from scatter.jobs.errors import JobError
from scatter.learning.aggregation import Rule
from scatter.learning.metrics import Report
from scatter.learning.predictions import Outputs

HOUR, DAY = 3600, 86_400


def test_every_key_arrives(job_toml: str) -> None:
    definition = parse_definition(job_toml.encode())
    assert (definition.name, definition.rounds, definition.seed, definition.dataset) == ("tiny", 2, 7, "tiny/v1")
    assert (definition.min_trainers, definition.max_trainers) == (2, 4)
    assert (definition.committee, definition.auditors, definition.min_jury, definition.tau) == (3, 0, 0, 10)
    assert (definition.reward, definition.slot_stake) == (1000 * 10**18, 500 * 10**18)
    assert (definition.fault_bps, definition.max_share_bps) == (5_000, 5_000)
    assert definition.train == Phase(("python", "train.py"), 60, 1024**3)
    assert definition.predict == Phase(("python", "predict.py"), 60, 1024**3)
    assert (definition.outputs, definition.report) == (Outputs.PROBABILITIES, Report.ACCURACY)
    assert definition.hyperparameters == {"learning_rate": 0.1}
    assert (definition.rule, definition.environment) == (Rule.CONTRIBUTION, "python-3.11")


def test_durations_that_are_not_given_have_defaults(job_toml: str) -> None:
    durations = parse_definition(job_toml.encode()).durations
    assert durations.train == 2 * HOUR
    assert (durations.open, durations.keys, durations.reveal) == (3 * DAY, DAY, DAY)
    assert (durations.commit, durations.open_scores, durations.aggregate) == (DAY, DAY, DAY)
    assert (durations.challenge, durations.judge) == (2 * DAY, 2 * DAY)


def test_optional_keys_may_be_left_out(job_toml: str) -> None:
    optional = ("seed", "auditors", "min_jury", "fault", "max_share", "tau", "durations", "timeout", "memory", "rule",
                "environment", "network", "learning_rate")  # fmt: skip
    kept = [line for line in job_toml.splitlines() if line.split(" = ")[0] not in optional]
    definition = parse_definition("\n".join(kept).encode())
    assert (definition.seed, definition.min_jury, definition.fault_bps, definition.tau) == (0, 0, 5_000, 10)
    assert definition.hyperparameters == {}
    assert definition.rule is Rule.CONTRIBUTION


@pytest.mark.parametrize("rule", list(Rule))
def test_every_rule_has_its_name(job_toml: str, rule: Rule) -> None:
    assert parse_definition(job_toml.replace('"contribution"', f'"{rule.label}"').encode()).rule is rule


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("fault = 0.5", "fault = 2", "job.fault is 2; it is a share of the slot stake between 0 and 1"),
        ("fault = 0.5", "fault = true", "job.fault is true; it is a share"),
        ("fault = 0.5", "fault = nan", "job.fault is NaN; it is a share"),
        ("fault = 0.5", "fault = 0.00001", "job.fault is 0.00001; it is a share .* in steps of 0.0001"),
        ("fault = 0.5", 'fault = "half"', 'job.fault is "half"; it is a share'),
        ("fault = 0.5", "fualt = 0.5", "job.fualt is not a known key; .job. takes name, .*, fault, "),
        ("max_share = 0.5", "max_share = 0", "job.max_share is 0; .* above 0 and at most 1"),
        ("rounds = 2", "", "job.rounds is missing; it is a number of rounds from 1 to 32"),
        ("rounds = 2", "rounds = 33", "job.rounds is 33; it is a number of rounds from 1 to 32"),
        ("rounds = 2", "rounds = 2.0", "job.rounds is 2.0; it is a number of rounds"),
        ("rounds = 2", "rounds = true", "job.rounds is true; it is a number of rounds"),
        ("min = 2", "min = 9", "job.trainers.min is 9; it is at most job.trainers.max, 4"),
        ("min = 2", "min = 0", "job.trainers.min is 0; it is a number of trainers from 1 to 63"),
        ("max = 4", "max = 64", "job.trainers.max is 64; it is a number of trainers from 1 to 63"),
        ("{ min = 2, max = 4 }", "6", "job.trainers is 6; it is a table like"),
        ("{ min = 2, max = 4 }", "[]", "job.trainers is a list of 0; it is a table like"),
        ("committee = 3", "committee = 32", "job.committee is 32; it is a number of members from 1 to 31"),
        ("auditors = 0", "auditors = 2", "job.auditors is 2; it is 0: auditors come with disputes"),
        ("min_jury = 0", "min_jury = 3", "job.min_jury is 3; it is 0: juries come with disputes"),
        ('"1000 SCT"', '"1000"', 'job.reward is "1000"; it is an amount like "1000 SCT"'),
        ('"1000 SCT"', "1000", 'job.reward is 1000; it is an amount like "1000 SCT"'),
        ('"500 SCT"', '"-5 SCT"', 'job.slot_stake is "-5 SCT"; it is an amount like'),
        ("tau = 10", "tau = 0", "job.tau is 0; it is an integer from 1 to"),
        ("seed = 7", "seed = -1", "job.seed is -1; it is an integer from 0 to"),
        ('name = "tiny"', f'name = "{"x" * 33}"', "job.name is .*; it is a name of 1 to 32 bytes"),
        ('name = "tiny"', 'name = ""', "job.name is ; it is a name|job.name is \"\"; it is a name"),
        ('name = "tiny"', 'name = "a\\u001bb"', r"job.name is 'a\\x1bb'; it is a name"),
        ('"tiny/v1"', '" tiny"', "job.dataset is .*; it is what a trainer's data must be called"),
        ('"2h"', '"2y"', 'job.durations.train is "2y"; it is a duration like'),
        ('"2h"', '"31d"', 'job.durations.train is "31d"; it is a duration like .* at most 30d'),
        ('train = "2h"', 'key = "2h"', "job.durations.key is not a known key; .job.durations. takes open, keys"),
        ('["python", "train.py"]', '"python"', 'train.command is "python"; it is a list'),
        ('["python", "train.py"]', "[]", "train.command is a list of 0; it is a list"),
        ('["python", "train.py"]', '["a", 1]', "train.command.1 is 1; it is a list"),
        ('["python", "train.py"]', '["a\\u0000"]', "train.command.0 is .*; it is a list"),
        ('"60s"', '"2d"', 'train.timeout is "2d"; it is a duration like "60s", at most 1d'),
        ('"1GiB"', '"1GB"', 'train.memory is "1GB"; it is a size like'),
        ('"1GiB"', '"1MiB"', 'train.memory is "1MiB"; .* from 64MiB to 64GiB'),
        ("learning_rate = 0.1", "learning_rate = [1]", "train.hyperparameters.learning_rate is a list of 1; hyperp"),
        ("learning_rate = 0.1", "learning_rate = inf", "train.hyperparameters.learning_rate is Infinity; hyperp"),
        ("learning_rate = 0.1", "learning_rate = {}", "train.hyperparameters.learning_rate is an empty table; hyperp"),
        ("learning_rate = 0.1", "x = {a = 1}", "train.hyperparameters.x is a table with something else in it; hyperp"),
        ("learning_rate = 0.1", f"x = {2**60}", "train.hyperparameters.x is 1152921504606846976; hyperparameters are"),
        ("learning_rate = 0.1", "x = 1e400", "train.hyperparameters.x is 1E.400; hyperparameters are"),
        ("learning_rate = 0.1", "x = 2026-11-23", "train.hyperparameters.x is 2026-11-23; hyperparameters are"),
        ('"accuracy"', '"r2"', 'predict.report is "r2"; with outputs "probabilities" it is accuracy or f1_macro'),
        ('"probabilities"', '"values"', 'predict.report is "accuracy"; with outputs "values" it is r2'),
        ('"probabilities"', '"logits"', 'predict.outputs is "logits"; it is one of probabilities, values'),
        ('"contribution"', '"fedavg"', 'aggregate.rule is "fedavg"; it is one of contribution, mean, median, '),
        ("network = false", "network = true", "runtime.network is true; it is false: job code never has a network"),
        ('"python-3.11"', '"../etc"', 'runtime.environment is "../etc"; it is the name of an environment'),
        ("[runtime]", '[runtime]\nimage = "x"', "runtime.image is not a known key; .runtime. takes environment, network"),
        ("[job]", "[jobs]", "jobs is not a known key; .job.toml. takes job, train, predict, aggregate, runtime"),
        ("[train]\ncommand", '[train]\napp = "a:b"\nxcommand', "train.app is not a known key; .train. takes command"),
    ],
)  # fmt: skip
def test_one_sentence_says_what_is_wrong(job_toml: str, old: str, new: str, sentence: str) -> None:
    assert old in job_toml
    with pytest.raises(JobError, match=f"^job.toml: ({sentence})") as refused:
        parse_definition(job_toml.replace(old, new, 1).encode())
    assert "\n" not in str(refused.value)


def test_too_many_hyperparameters_are_refused(job_toml: str) -> None:
    many = "\n".join(f"p{number} = {number}" for number in range(101))
    with pytest.raises(JobError, match=r"train.hyperparameters is a table .*; hyperparameters are .* at most 100"):
        parse_definition(job_toml.replace("learning_rate = 0.1", many).encode())


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"\xff", "job.toml is not UTF-8 text"),
        (b"[job", "job.toml is not valid TOML"),
        (b"x = 1e99999999999999999999", "job.toml has a number that is too large"),
        # Which of the two it is depends on the recursion limit, which libraries raise.
        (
            b"x = " + b"[" * 5_000,
            r"job.toml (is not valid TOML|has a number that is too large, or is nested too deeply)",
        ),
        (b"x = " + b"9" * 5_000, "job.toml is not valid TOML"),
        (b"#" * (MAX_BYTES + 1), "job.toml has 65537 bytes; 65536 are allowed"),
        (b"", "job.toml: job is missing; it is a table"),
    ],
)
def test_what_is_no_toml_is_refused(content: bytes, sentence: str) -> None:
    with pytest.raises(JobError, match=sentence):
        parse_definition(content)
