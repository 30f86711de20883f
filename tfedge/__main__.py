"""`python -m tfedge`: the same as the `tfedge` command."""

from tfedge.cli.main import main

raise SystemExit(main())
