"""Where rows come from: landed sources are read, cleaned, validated and stored; the store is read back as streams."""

SOURCE_FILE = "source.toml"
"""What a site says of its source, where its tables have not our names."""
