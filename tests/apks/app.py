"""A sound app, and a way to change one thing of it."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping, Sequence

from tests import models
from tests.apks import axml, binaries
from tests.apks.zips import DEFLATED, STORED, Entry, zip_bytes

LIBRARY = "libtensorflowlite_jni.so"
INTERPRETER = "Lorg/tensorflow/lite/Interpreter;"
PAGE = 16_384
BUILD_IDS = {  # Of tensorflow-lite 2.16.1, as known_libraries.json has them.
    "arm64-v8a": "385d6d92f29b4b4cb3ffca33758d3471",
    "x86_64": "6915c2b6c7a69131f1750c479fb86a56",
    "armeabi-v7a": "471f4a598c1311d9880678a3c77b7a18",
}


@functools.cache
def model() -> bytes:
    """A model that every runtime runs."""
    return bytes(models.dense())


@dataclasses.dataclass(frozen=True)
class App:
    """What an app is made of; the defaults are an app of which no rule has anything to say.

    Attributes:
        manifest: its tree, or its bytes.
        libraries: ABI/name -> bytes.
        assets: name -> bytes, stored.
        dex: dex files, the first is classes.dex.
        schemes: it is signed with; `binaries.V1` adds files of a v1 signature.
        certificate: inside the signing block.
        library_method, library_align: how libraries lie in the zip.
        model_method, model_align: how assets lie in it.
        more: entries behind all others.
        without: names of entries to leave out.
        block: the signing block itself, in place of one of `schemes`.
    """

    manifest: axml.Node | bytes = dataclasses.field(default_factory=axml.manifest)
    libraries: Mapping[str, bytes] | None = None
    assets: Mapping[str, bytes] | None = None
    dex: Sequence[bytes] = (binaries.dex([INTERPRETER], ["Ljava/lang/Object;"]),)
    schemes: Sequence[int | str] = (binaries.V2, binaries.V3)
    certificate: bytes = b"CN=Example"
    library_method: int = STORED
    library_align: int = PAGE
    model_method: int = STORED
    model_align: int = 4
    more: Sequence[Entry] = ()
    without: Sequence[str] = ()
    block: bytes | None = None

    def entries(self) -> list[Entry]:
        """Returns the entries in the order of a build."""
        tree = self.manifest if isinstance(self.manifest, bytes) else axml.axml(self.manifest)
        # Two published ABIs, as the app of this project has them.
        libraries = {f"{abi}/{LIBRARY}": published(abi) for abi in ("arm64-v8a", "x86_64")}
        libraries = dict(self.libraries) if self.libraries is not None else libraries
        assets = dict(self.assets) if self.assets is not None else {"g2p.tflite": model()}
        dexes = [Entry(f"classes{n + 1 if n else ''}.dex", data, DEFLATED) for n, data in enumerate(self.dex)]
        signed = [Entry(f"META-INF/CERT.{end}", b"x") for end in ("SF", "RSA")] if binaries.V1 in self.schemes else []
        every = [
            Entry("AndroidManifest.xml", tree, DEFLATED),
            Entry("resources.arsc", bytes(12)),
            *dexes,
            *(Entry(f"assets/{name}", data, self.model_method, self.model_align) for name, data in assets.items()),
            *(
                Entry(f"lib/{place}", data, self.library_method, self.library_align)
                for place, data in libraries.items()
            ),
            *signed,
        ]
        return [*(entry for entry in every if entry.name not in self.without), *self.more]


def published(abi: str, align: int = PAGE) -> bytes:
    """A library with the build id of the published 2.16.1, linked for pages of 16 KB as that one is not."""
    return binaries.interpreter(abi, align=align, build_id=BUILD_IDS[abi])


def build(app: App | None = None, **changes: object) -> bytes:
    """Returns the package of an app; `changes` are attributes of `App`."""
    app = dataclasses.replace(app or App(), **changes)  # type: ignore[arg-type]
    keys = [key for key in app.schemes if isinstance(key, int)]
    block = binaries.signing_block(keys, app.certificate) if keys else b""
    return zip_bytes(app.entries(), app.block if app.block is not None else block)
