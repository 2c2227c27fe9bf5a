"""The apps' pages: each notebook in ``voila_apps`` shows one of them."""
