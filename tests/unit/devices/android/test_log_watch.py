from __future__ import annotations

import pytest

from tfedge.devices.android.log_watch import Event, LogWatch
from tfedge.errors import ConfigError

RUN = "selftest-12345678"


def hear(*lines):
    """Returns the last event of lines."""
    watch = LogWatch(RUN)
    return [watch.hear(line) for line in lines][-1]


def exception(pid=4321, package="dev.tfedge.demo", thread="main"):
    """Returns the lines of an uncaught exception, as Android writes them."""
    texts = [
        f"FATAL EXCEPTION: {thread}",
        f"Process: {package}, PID: {pid}",
        "java.lang.IllegalStateException: no buffer",
        "\tat dev.tfedge.core.Engine.run(Engine.kt:7)",
    ]
    return [f"E/AndroidRuntime({pid:>5}): {text}" for text in texts]


@pytest.mark.parametrize(
    ("text", "event"),
    [
        ("progress 3/16", Event("progress", "", 3, 16)),
        ("done /sdcard/a b.json", Event("done", "/sdcard/a b.json")),
        ("failed op 12 is not known", Event("failed", "op 12 is not known")),
        ("failed", Event("failed", "it gave no reason")),
        ("progress 3 of 16", None),
        ("whatever", None),
    ],
)
@pytest.mark.parametrize("end", ["", "\r\n"])
def test_hear_when_the_app_says_something_then_that_event(text, event, end):
    assert hear(f"I/tfedge  ( 4321): {RUN} {text}{end}") == event


@pytest.mark.parametrize(
    "line",
    [
        "--------- beginning of main",
        "",
        "I/tfedge  ( 4321): benchmark-00000000 done /sdcard/x.json",
        f"I/other   ( 4321): {RUN} done /sdcard/x.json",
        "F/libc    ( 9999): Fatal signal 11 (SIGSEGV), code 1 in tid 9999 (x), pid 9999 (com.other)",
        "E/ActivityManager( 1200): ANR in com.other",
    ],
)
def test_hear_when_a_line_is_not_about_this_run_then_nothing(line):
    assert hear(line) is None


def test_hear_when_the_app_throws_then_the_line_that_says_what():
    assert hear(*exception()[:3]) == Event("crashed", "java.lang.IllegalStateException: no buffer")


def test_hear_when_another_app_throws_then_nothing():
    assert hear(*exception(package="com.other")[:3]) is None


def test_hear_when_two_apps_throw_at_once_then_that_of_ours():
    ours, other = exception(), exception(9999, "com.other")
    mixed = [line for pair in zip(ours[:3], other[:3], strict=True) for line in pair]
    watch = LogWatch(RUN)
    events = [event for event in map(watch.hear, mixed) if event]
    assert events == [Event("crashed", "java.lang.IllegalStateException: no buffer")]


@pytest.mark.parametrize("named", [True, False])
def test_hear_when_the_native_library_dies_then_its_signal(named):
    text = "Fatal signal 11 (SIGSEGV), code 1 in tid 4340 (worker), pid 4321"
    start = f"I/tfedge  ( 4321): {RUN} progress 0/2"
    line = f"F/libc    ( 4321): {text} (dev.tfedge.demo)" if named else f"F/libc    ( 4321): {text}"
    event = hear(line) if named else hear(start, line)
    assert event.kind == "crashed" and event.text.startswith("Fatal signal 11 (SIGSEGV)")


def test_hear_when_android_finds_that_the_app_hangs_then_that():
    assert hear("E/ActivityManager( 1200): ANR in dev.tfedge.demo (dev.tfedge.demo/.RunActivity)").kind == "crashed"


def test_hear_when_a_message_holds_escapes_then_they_are_written_out():
    assert hear(f"I/tfedge  ( 4321): {RUN} failed \x1b[31mred").text == "\\x1b[31mred"


def test_event_when_its_kind_is_unknown_then_config_error():
    with pytest.raises(ConfigError, match="`kind` of an event must be one of progress"):
        Event("finished")
