"""What `torchdraft check` and `assert_exportable` make of reports: suppression, baselines, settings, status."""
