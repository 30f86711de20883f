"""The name under which a worker imports its runtime: here Android's own library, behind the same few calls."""

import os

__version__ = os.environ.get("TFEDGE_ANDROID_VERSION", "")
