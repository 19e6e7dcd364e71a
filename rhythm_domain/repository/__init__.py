"""SQL, one module per aggregate: named queries in X.sql, rows to models in X.py."""
