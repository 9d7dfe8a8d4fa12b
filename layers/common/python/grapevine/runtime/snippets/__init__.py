"""The storefront snippet as pages load it: every version that was ever released, by its name.

`python -m infra.snippet` makes them. A page that names a version never gets another file.
"""
