/**
 * Finds and reads the configuration file. What is in it is the core's to understand; every complaint names the file.
 */
import { existsSync } from 'node:fs';
import { type Config, parseConfig } from '../core/config.ts';
import { DeliveryFailure } from '../core/delivery-status.ts';
import { readInputFile } from './input-file.ts';

/** Reads the settings of an instance from the first of the places that exists. */
export function readConfig(places: readonly string[], instance: string): Config {
  const path = places.find((place) => existsSync(place)) ?? places[0] ?? '';
  const text = readInputFile(path, 'configuration file');
  try {
    return parseConfig(text, instance);
  } catch (error) {
    if (!(error instanceof DeliveryFailure)) throw error;
    throw new DeliveryFailure(error.kind, `${path}: ${error.message}`, error.facts);
  }
}
