"""Static files: hashed names when collected, plain ones before; third-party scripts come from npm."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage
from servestatic.storage import CompressedManifestStaticFilesStorage

# name served under /static/ -> file inside node_modules
_SERVED = {
    "vendor/lightweight-charts.js": "lightweight-charts/dist/lightweight-charts.standalone.production.js",
}


class Storage(CompressedManifestStaticFilesStorage):
    """Hashed names, cached for ever, once `collectstatic` has run (the Docker image); plain names before.

    `make run` serves straight from the source folders: nothing to collect, nothing to forget.
    """

    support_js_module_import_aggregation = True

    def url(self, name: str | None, force: bool = False) -> str:
        if self.hashed_files:
            return str(super().url(name, force))
        return str(FileSystemStorage.url(self, name))


class NodeModulesFinder(BaseFinder):
    """Serves just the files of node_modules that pages use."""

    def check(self, **kwargs: Any) -> list[Any]:
        return []

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        inside = _SERVED.get(path)
        found = self._root() / inside if inside else None
        if found is None or not found.exists():
            return []
        return [str(found)] if find_all else str(found)

    def list(self, ignore_patterns: Any) -> Any:
        storage = FileSystemStorage(location=self._root())
        for served, inside in _SERVED.items():
            if (self._root() / inside).exists():
                yield served, _Renamed(storage, inside)

    def _root(self) -> Path:
        return Path(settings.BASE_DIR) / "node_modules"


class _Renamed:
    """A storage of one file, opened whatever name it is asked by."""

    prefix = None

    def __init__(self, storage: FileSystemStorage, inside: str) -> None:
        self._storage, self._inside = storage, inside
        self.location = storage.location

    def open(self, name: str) -> Any:
        return self._storage.open(self._inside)

    def path(self, name: str) -> str:
        return self._storage.path(self._inside)

    def get_modified_time(self, name: str) -> Any:
        return self._storage.get_modified_time(self._inside)
