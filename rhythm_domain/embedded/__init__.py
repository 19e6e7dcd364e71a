"""The PostgreSQL of a person's own: its programs from a wheel, its data in a place of its own.

`server` starts and joins it, `keeper` stops it when nobody needs it any more, `cluster` makes and upgrades
its data, `places` says where everything is, `programs` runs PostgreSQL's own.
"""
