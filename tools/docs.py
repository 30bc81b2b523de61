"""Make the generated documents anew: ``make docs``."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

sys.path.insert(0, str(ROOT / "tools"))

import lock_table  # noqa: E402
import record  # noqa: E402

from models import diagram  # noqa: E402


def main() -> int:
    """Write each page; a page that does not change stays byte for byte."""
    diagram.main()
    lock_table.main()
    for page in (diagram.PAGE, diagram.HOMEOPS_PAGE, lock_table.PAGE):
        print(f"wrote {page.relative_to(ROOT)}", file=sys.stderr)
    return record.main()


if __name__ == "__main__":
    raise SystemExit(main())
