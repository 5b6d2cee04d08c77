"""The S3 store of the tests, run as a program: FOLDER PORT KEYS_A_LIST.

nanio's own command has no option for the length of a list.
"""

import sys
from pathlib import Path

import uvicorn
from nanio.app import build_app
from nanio.config import Settings

folder, port, keys = sys.argv[1:]
settings = Settings(data_dir=Path(folder), max_list_keys=int(keys))
uvicorn.run(build_app(settings), host="127.0.0.1", port=int(port), access_log=False)
