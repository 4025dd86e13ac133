"""siliconmix: a discrete-event simulator for choosing a mix of training silicon."""
