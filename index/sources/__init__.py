"""Files and folders in, source documents out. One small file per format; a file that cannot be read says why."""

from index.sources.finding import find_files
from index.sources.opening import SIZE_LIMIT
from index.sources.reading import READABLE_SUFFIXES, read_file

__all__ = ["READABLE_SUFFIXES", "SIZE_LIMIT", "find_files", "read_file"]
