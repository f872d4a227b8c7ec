"""Tables of codes that a site loads: what facilities and products are called. None is shipped."""
