"""`tfedge deploy`: is the file on the phone what it is on this machine?"""

from __future__ import annotations

import argparse
import pathlib

from tfedge.cli import verb

SUMMARY = "run a packed .tflite file in the demo app on an Android device, and compare it with this machine"
EXAMPLE = "tfedge deploy android out/g2p.tflite --device android-host"
NEEDS_TRAIN = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments of `tfedge deploy`."""
    parser.add_argument("platform", choices=("android",), metavar="PLATFORM", help="android")
    parser.add_argument("model", type=pathlib.Path, metavar="FILE.tflite", help="packed model; no other file is needed")
    parser.add_argument(
        "--device",
        choices=("android", "android-host"),
        default="android",
        metavar="DEVICE",
        help="android: a device behind adb (default); android-host: the app's core and Android's library on this "
        "machine's JVM, without a phone",
    )
    parser.add_argument(
        "--serial", metavar="SERIAL", help="the device, as `adb devices` names it (default: the only one)"
    )
    parser.add_argument("--apk", type=pathlib.Path, metavar="FILE.apk", help="install this build of the app first")
    parser.add_argument("--benchmark", action="store_true", help="measure latency too, on the device and here")
    parser.add_argument("--threads", type=verb.positive_int, default=1, help="interpreter threads (default: 1)")
    parser.add_argument(
        "--out", type=pathlib.Path, metavar="FOLDER", help="write both device reports there (default: none is written)"
    )
    verb.add_force(parser)
    verb.add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Deploys, and prints the report."""
    from tfedge.cli import output, terminal
    from tfedge.reports import deploy

    config = deploy.DeployConfig(
        device=args.device,
        serial=args.serial,
        apk=args.apk,
        benchmark=args.benchmark,
        num_threads=args.threads,
        out=args.out,
        force=args.force,
    )
    report = deploy.deploy_android(args.model, config, terminal.TerminalReporter())
    return output.show_deploy(report, as_json=args.json)
