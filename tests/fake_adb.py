"""A program that speaks adb's command line; a folder is the device's storage, and every call is written down.

`tests.fake_phone` makes a program of it in a folder that goes on PATH, beside `phone.json`, which says what the device
is and what goes wrong. Message texts are adb 1.0.41's and Android's own, from their sources and from what they print.
It imports little, because tests start it hundreds of times.
"""

import json
import os
import sys
import time

HERE = os.path.dirname(os.path.dirname(os.path.abspath(sys.argv[0])))
with open(os.path.join(HERE, "phone.json")) as file:
    PHONE = json.load(file)
FAULTS = PHONE["faults"]
PACKAGE = "dev.tfedge.demo"
PID = "4321"


def mark(name, value=None):
    """Reads, sets or clears a fact that lasts from one call to the next."""
    path = os.path.join(HERE, name)
    if value is True:
        open(path, "w").close()
    elif value is False and os.path.exists(path):
        os.remove(path)
    return os.path.exists(path)


def here(remote):
    """Returns where a path of the device stands here."""
    return os.path.join(HERE, "storage", remote.lstrip("/"))


def say(text):
    sys.stdout.buffer.write((text.replace("\n", "\r\n") if FAULTS.get("crlf") else text).encode())


def die(text, code=1):
    sys.stdout.flush()
    print(text, file=sys.stderr)
    sys.exit(code)


def log(priority, tag, text):
    with open(os.path.join(HERE, "log"), "a") as file:
        file.write(f"{priority}/{tag.ljust(8)}({PID.rjust(5)}): {text}\n")


def check_attached(serial, prefix="error: "):
    """Says what adb says of a device that is not there or not ready."""
    devices = PHONE["devices"]
    if not devices or mark("unplugged"):
        die(f"{prefix}device '{serial}' not found" if serial else f"{prefix}no devices/emulators found")
    if serial is None and len(devices) > 1:
        die(f"{prefix}more than one device/emulator")
    states = {name: state for name, state, _ in devices}
    if serial is not None and serial not in states:
        die(f"{prefix}device '{serial}' not found")
    state = states[serial] if serial else devices[0][1]
    if state == "offline":
        die(f"{prefix}device offline")
    if state != "device":
        die(f"{prefix}device {state}.\nThis adb server's $ADB_VENDOR_KEYS is not set")


def sha256(path):
    """Returns the sha256 of a file in hexadecimal digits."""
    import hashlib

    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def words_of(line):
    """Returns the words of a line as a shell cuts it."""
    if not any(letter in line for letter in "'\"\\$`;&|\n"):
        return line.split()
    import shlex

    return shlex.split(line)


def copy(source, target, fault=""):
    """Copies a file as far as the fault lets it; returns whether all of it went."""
    with open(source, "rb") as file:
        data = file.read()
    if fault == "corrupt":
        data = data[:100] + bytes([data[100] ^ 1]) + data[101:]
    with open(target, "wb") as file:
        file.write(data[: len(data) // 2] if fault in ("full", "cable") else data)
    return fault not in ("full", "cable")


def push(serial, local, remote):
    check_attached(serial, "adb: error: failed to get feature set: ")
    if not os.path.isdir(os.path.dirname(here(remote))):
        failed = "remote secure_mkdirs failed: Operation not permitted"
    elif "/Android/data/" in remote:
        failed = "remote fchown failed: Operation not permitted"
    elif not copy(local, here(remote), FAULTS.get("push")):
        failed = "couldn't read from device"
        if FAULTS["push"] == "full":
            os.remove(here(remote))  # adbd does so, where it is still there to do it.
            failed = "remote write failed: No space left on device"
        else:
            mark("unplugged", True)
    else:
        say(f"{local}: 1 file pushed, 0 skipped. 25.1 MB/s ({os.path.getsize(local)} bytes in 0.070s)\n")
        return
    die(f"adb: error: failed to copy '{local}' to '{remote}': {failed}")


def pull(serial, remote, local):
    check_attached(serial, "adb: error: failed to get feature set: ")
    if not os.path.exists(here(remote)):
        die(f"adb: error: failed to stat remote object '{remote}': No such file or directory")
    copy(here(remote), local)
    say(f"{remote}: 1 file pulled, 0 skipped.\n")


def install(serial, *words):
    check_attached(serial)
    say("Performing Streamed Install\n")
    if "install" in FAULTS:
        failed = f"adb: failed to install {words[-1]}: {FAULTS['install']}"
        if FAULTS.get("old_adb"):  # Says so on stdout, and ends well.
            return say(failed + "\n")
        die(failed)
    PHONE["app"] = "0.1.0"
    with open(os.path.join(HERE, "phone.json"), "w") as file:
        json.dump(PHONE, file)
    say("Success\n")


def logcat(serial, *_):
    if not PHONE["devices"] or mark("unplugged"):
        print("- waiting for device -", file=sys.stderr)
        time.sleep(600)
    path = os.path.join(HERE, "log")
    open(path, "a").close()
    say("--------- beginning of main\n")
    with open(path) as file:
        while not mark("unplugged"):
            say(file.read())
            sys.stdout.flush()
            time.sleep(0.005)


def start_app(words):
    extras = {words[at + 1]: words[at + 2] for at, word in enumerate(words) if word in ("--es", "--ei")}
    if PHONE["app"] is None or FAULTS.get("app") == "no_activity":
        say("Starting: Intent { cmp=dev.tfedge.demo/.RunActivity (has extras) }\nError type 3\n")
        return say("Error: Activity class {dev.tfedge.demo/dev.tfedge.demo.RunActivity} does not exist.\n")
    say("Starting: Intent { cmp=dev.tfedge.demo/.RunActivity (has extras) }\n")
    mark("running", True)
    log("I", "tfedge", "selftest-00000000 done /sdcard/old.json")  # Another run's.
    files = f"/sdcard/Android/data/{PACKAGE}/files"
    if extras["action"] == "prepare":
        os.makedirs(here(f"{files}/models"), exist_ok=True)
        os.makedirs(here(f"{files}/reports"), exist_ok=True)
        return log("I", "tfedge", f"{extras['run']} done {files}")
    run_app(extras, files, FAULTS.get("app", ""))


def run_app(extras, files, fault):
    run, action, model = extras["run"], extras["action"], extras["model"]
    log("I", "tfedge", f"{run} progress 0/2")
    if fault == "cable":
        mark("unplugged", True)
    elif fault == "exception":
        log("E", "AndroidRuntime", "FATAL EXCEPTION: worker")
        log("E", "AndroidRuntime", f"Process: {PACKAGE}, PID: {PID}")
        log("E", "AndroidRuntime", "java.lang.OutOfMemoryError: Failed to allocate a 7340044 byte allocation")
        log("E", "AndroidRuntime", "\tat dev.tfedge.core.Engine.<init>(Engine.kt:41)")
        mark("running", False)
    elif fault == "signal":
        log("F", "libc", f"Fatal signal 11 (SIGSEGV), code 1 (SEGV_MAPERR) in tid 4340 (worker), pid {PID} ({PACKAGE})")
        mark("running", False)
    elif fault == "vanish":
        mark("running", False)
    elif fault.startswith("fail:"):
        log("I", "tfedge", f"{run} failed {fault[5:]}")
    elif fault != "hang":
        found = sha256(here(model))
        if not model.endswith(f"/{found}.tflite"):
            return log("I", "tfedge", f"{run} failed expected the sha256 of the file's name; got {found}")
        copy(os.path.join(HERE, f"{action}.json"), here(f"{files}/reports/{run}.json"))
        log("I", "tfedge", f"{run} progress 2/2")
        log("I", "tfedge", f"{run} done {files}/reports/{run}.json")


def shell(serial, *words):
    check_attached(serial)
    program, *rest = words_of(" ".join(words))
    if program == "echo":
        return say(f"{json.dumps(rest)}\n")
    if program == "getprop":
        return say("".join(f"[{key}]: [{value}]\n" for key, value in PHONE["properties"].items()))
    if program == "date":
        return say("1795262400\n")
    if program == "am":
        if rest[0] == "start":
            return start_app(rest)
        return mark("running", False)
    if program == "pidof":
        return say(f"{PID}\n") if mark("running") else sys.exit(1)
    if program in ("pm", "dumpsys"):
        return ask_package(program)
    if program == "test":
        sys.exit(0 if os.path.isfile(here(rest[1])) else 1)
    return change_file(program, rest)


def ask_package(program):
    if PHONE["app"] is None:
        return say(f"Unable to find package: {PACKAGE}\n") if program == "dumpsys" else sys.exit(1)
    if program == "pm":
        return say("package:/data/app/~~aB==/dev.tfedge.demo-cD==/base.apk\n")
    return say(f"  Package [{PACKAGE}] (7f):\n    versionCode=1 minSdk=26\n    versionName={PHONE['app']}\n")


def change_file(program, rest):
    if program == "rm":
        for remote in rest[1:]:
            folder, name = os.path.split(here(remote))
            start, star, end = name.partition("*")
            found = os.listdir(folder) if os.path.isdir(folder) else []
            for each in found:
                if each == name or (star and each.startswith(start) and each.endswith(end)):
                    os.remove(os.path.join(folder, each))
    elif program == "cp":
        if not copy(here(rest[0]), here(rest[1]), FAULTS.get("cp")):
            die(f"cp: {rest[1]}: No space left on device")
    elif program == "mv":
        os.replace(here(rest[1]), here(rest[2]))
    elif program == "sha256sum" and not FAULTS.get("no_sha256sum"):
        if not os.path.isfile(here(rest[0])):
            die(f"sha256sum: {rest[0]}: No such file or directory")
        say(f"{sha256(here(rest[0]))}  {rest[0]}\n")
    else:
        die(f"/system/bin/sh: {program}: inaccessible or not found", 127)


def exec_out(serial, *words):
    check_attached(serial)
    _, remote = words_of(" ".join(words))
    with open(here(remote), "rb") as file:
        sys.stdout.buffer.write(file.read())


def devices(serial, *_):
    say("List of devices attached\n")
    for name, state, about in [] if mark("unplugged") else PHONE["devices"]:
        say(f"{name.ljust(22)} {state} {about}\n")
    say("\n")


def get_state(serial, *_):
    check_attached(serial)
    say("device\n")


VERBS = {
    "devices": devices,
    "get-state": get_state,
    "shell": shell,
    "exec-out": exec_out,
    "push": push,
    "pull": pull,
    "install": install,
    "logcat": logcat,
}


def main(words):
    with open(os.path.join(HERE, "calls.jsonl"), "a") as file:
        file.write(json.dumps(words) + "\n")
    if FAULTS.get("never_answers"):
        time.sleep(600)
    if "server" in FAULTS:
        die(FAULTS["server"])
    if FAULTS.get("server_noise"):
        sys.stdout.write("adb server version (31) doesn't match this client (41); killing...\n")
        sys.stdout.write("* daemon not running; starting now at tcp:5037\n* daemon started successfully\n")
        sys.stdout.flush()
    serial = None
    if words[0] == "-s":
        serial, words = words[1], words[2:]
    VERBS[words[0]](serial, *words[1:])
    sys.stdout.flush()


main(sys.argv[1:])
