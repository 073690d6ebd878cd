"""Page: a `Report` goes in; a self-contained HTML page, the output of a notebook's cell and a tlparse log come out.

`content.py` collects what the page shows, as JSON. The page's script, whose sources are in `web/`, shows it; `make
assets` builds it into `assets/`. Imports `model`, `_source`, `_render` and `rules`, and no torch.
"""
