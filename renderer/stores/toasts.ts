import { create } from 'zustand';
import { toWireError } from '../client/errors.ts';

export interface Toast {
  id: number;
  tone: 'info' | 'success' | 'error';
  message: string;
  /** The next step; empty when there is none. */
  next: string;
  /** Of the error; its help can be opened. */
  code?: string;
}

interface ToastState {
  toasts: readonly Toast[];
}

export const useToasts = create<ToastState>()(() => ({ toasts: [] }));

let nextId = 1;

/** Shows the result of a user action. At most four are shown at a time. */
export function addToast(toast: Omit<Toast, 'id'>): void {
  const id = nextId++;
  useToasts.setState((state) => ({ toasts: [...state.toasts.slice(-3), { ...toast, id }] }));
}

export function dismissToast(id: number): void {
  useToasts.setState((state) => ({ toasts: state.toasts.filter((toast) => toast.id !== id) }));
}

export function toastError(error: unknown): void {
  const { code, message, next } = toWireError(error);
  if (code !== 'CANCELLED') addToast({ tone: 'error', message, next, code });
}

export function toastDone(message: string, next = ''): void {
  addToast({ tone: 'success', message, next });
}
